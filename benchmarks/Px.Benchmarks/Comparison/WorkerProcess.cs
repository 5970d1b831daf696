using System.Diagnostics;
using System.Globalization;

namespace Px.Benchmarks.Comparison;

/// <summary>One side at work in a process of its own, which answers a line with a line and otherwise sleeps.</summary>
internal sealed class WorkerProcess : IDisposable
{
    // glibc: blocks from this size are mapped one by one, and free memory at the heap's end beyond it goes back to the system.
    private const string Never = "4000000000", Always = "65536";

    private readonly Process process;

    /// <param name="program">What to start. It answers a first line that begins with <c>ready</c> and ends with the path of its libtorch.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="threads">The threads of its libtorch.</param>
    /// <param name="keepMemory">Whether freed memory stays with the process, or (false) all of it goes back at once; null leaves it to luck.</param>
    internal WorkerProcess(string program, IEnumerable<string> arguments, int threads, bool? keepMemory)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        string count = threads.ToString(CultureInfo.InvariantCulture);
        start.Environment["OMP_NUM_THREADS"] = count;
        // OpenBLAS has a pool of its own beside libtorch's, which set_num_threads does not reach, and the two make each other wait.
        start.Environment["OPENBLAS_NUM_THREADS"] = "1";
        if (keepMemory is { } keep)
        {
            start.Environment["MALLOC_MMAP_THRESHOLD_"] = keep ? Never : Always;
            start.Environment["MALLOC_TRIM_THRESHOLD_"] = keep ? Never : Always;
        }

        process = Process.Start(start)!;
        string[] ready = Answer().Split(' ');
        Library = ready[^1];
    }

    /// <summary>The path of the libtorch that this side has loaded.</summary>
    internal string Library { get; }

    /// <summary>Debian's Python; <c>PX_PYTHON</c> names another.</summary>
    internal static string PythonProgram { get; } = Environment.GetEnvironmentVariable("PX_PYTHON") ?? "/usr/bin/python3";

    /// <summary>The library's side.</summary>
    internal static WorkerProcess Ours(int threads, string folder, Problem problem, bool keepMemory = false) =>
        Sides(LibrarySide.Name, threads, folder, problem, keepMemory);

    /// <summary>The other side, alone.</summary>
    internal static WorkerProcess Theirs(Opponent opponent, int threads, string folder, Problem problem) =>
        opponent == Opponent.Python ? Python(threads, folder, problem) : Sides(AuthorsSide.Name, threads, folder, problem);

    /// <summary>The named sides (joined by a comma) in one process.</summary>
    internal static WorkerProcess Sides(string names, int threads, string folder, Problem problem, bool keepMemory = false) =>
        new(
            Environment.ProcessPath!, [Worker.Command, names, Text(threads), .. problem.Arguments(folder)], threads,
            keepMemory ? true : null);

    /// <summary>The authors' way in Python.</summary>
    internal static WorkerProcess Python(int threads, string folder, Problem problem, bool keepMemory = false) =>
        new(PythonProgram, ["-B", Script("worker.py"), Text(threads), .. problem.Arguments(folder)], threads, keepMemory ? true : null);

    /// <summary>The path of a file in <c>benchmarks/python</c>.</summary>
    internal static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "python", name);

    /// <summary>Sends a command and waits for its numbers.</summary>
    /// <param name="side">One of the sides that this process has; of a process with one side, nothing.</param>
    internal double[] Ask(string command, Contest contest, int rounds, string side = "") =>
        Ask(string.Create(CultureInfo.InvariantCulture, $"{command} {contest.Name} {rounds} {ComparisonRun.Sparsity} {side}").TrimEnd());

    /// <inheritdoc cref="Ask(string, Contest, int, string)"/>
    internal double[] Ask(string line)
    {
        process.StandardInput.WriteLine(line);
        process.StandardInput.Flush();
        string answer = Answer();
        return answer == "ok" ? [] : [.. answer.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
    }

    /// <summary>What this process has used so far.</summary>
    internal ProcessUsage Usage() => ProcessUsage.Of(process.Id);

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(10))) process.Kill();
        process.Dispose();
    }

    private string Answer() => process.StandardOutput.ReadLine()
        ?? throw new InvalidOperationException($"'{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)}' ended; what it said is above.");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

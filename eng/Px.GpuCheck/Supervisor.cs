using System.Diagnostics;
using System.Globalization;

namespace Px.GpuCheck;

/// <summary>Runs checks in a process of their own. One that ends the process, or hangs, fails alone: those after it get a new process.</summary>
public sealed class Supervisor(AppOptions options, Terminal terminal)
{
    private const int TailLines = 12;

    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly List<CheckResult> results = [];

    public IReadOnlyList<CheckResult> Run(CancellationToken token)
    {
        using var log = File.CreateText(options.Log);
        while (results.Count < options.Checks.Count)
        {
            token.ThrowIfCancellationRequested();
            if (Left <= TimeSpan.Zero)
                Add(new CheckResult(Next.Name, false, 0, $"No time was left: all checks have {options.Limit.TotalMinutes} minutes."), []);
            else
                RunProcess(log, token);
        }

        return results;
    }

    private Check Next => options.Checks[results.Count];

    private TimeSpan Left => options.Limit - watch.Elapsed;

    // Until one fails by its process, or all are done.
    private void RunProcess(StreamWriter log, CancellationToken token)
    {
        using var process = Process.Start(Worker(options.Checks.Skip(results.Count)))!;
        var tail = new Queue<string>();
        try
        {
            // What the native code says as it ends the process goes to the other stream.
            process.ErrorDataReceived += (_, e) => Note(log, tail, e.Data);
            process.BeginErrorReadLine();
            while (results.Count < options.Checks.Count)
            {
                if (ReadResult(process, log, tail, token) is not { } result)
                    return;
                Add(result, tail);
                tail.Clear();
            }

            process.WaitForExit(TimeSpan.FromSeconds(10));
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
    }

    // Null where the process has ended or was too slow: then the next check has failed.
    private CheckResult? ReadResult(Process process, StreamWriter log, Queue<string> tail, CancellationToken token)
    {
        var started = watch.Elapsed;
        var limit = Next.Limit < Left ? Next.Limit : Left;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(token);
        deadline.CancelAfter(limit > TimeSpan.Zero ? limit : TimeSpan.FromMilliseconds(1));
        string reason;
        try
        {
            while (process.StandardOutput.ReadLineAsync(deadline.Token).AsTask().GetAwaiter().GetResult() is { } line)
            {
                if (CheckResult.Parse(line) is { } result && result.Name == Next.Name)
                    return result;
                Note(log, tail, line);
            }

            process.WaitForExit();
            reason = $"Its process ended with exit code {process.ExitCode}.";
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested)
        {
            reason = FormattableString.Invariant($"It was stopped after {limit.TotalSeconds:F0} s.");
        }

        Add(new CheckResult(Next.Name, false, (watch.Elapsed - started).TotalSeconds, reason), tail);
        return null;
    }

    private ProcessStartInfo Worker(IEnumerable<Check> checks)
    {
        // In a build, what runs is dotnet, and in a published program the program.
        var program = Environment.ProcessPath!;
        string[] library = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(Supervisor).Assembly.Location] : [];
        string[] limit = options.PxSeconds is { } seconds ? ["--px-seconds", seconds.ToString("R", CultureInfo.InvariantCulture)] : [];
        return new ProcessStartInfo(program,
        [
            .. library, "--worker", "--device", options.Cuda ? "cuda" : "cpu", "--output", options.Output, .. limit,
            "--checks", string.Join(',', checks.Select(check => check.Name)),
        ])
        { RedirectStandardOutput = true, RedirectStandardError = true };
    }

    private void Add(CheckResult result, Queue<string> tail)
    {
        results.Add(result);
        terminal.WriteLine(result.ToString());
        if (result.Passed)
            return;
        lock (tail)
        {
            foreach (var line in tail)
                terminal.WriteLine($"    {line}");
        }
    }

    private static void Note(StreamWriter log, Queue<string> tail, string? line)
    {
        if (line is null)
            return;
        lock (tail)
        {
            log.WriteLine(line);
            tail.Enqueue(line);
            if (tail.Count > TailLines)
                tail.Dequeue();
        }
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Px.Experiments.Tests.Cluster;

/// <summary>A Slurm of one node on loopback that takes two tasks at a time, and is gone afterwards. Or with the test, should that be killed: see <c>slurm.sh</c>.</summary>
internal sealed class SlurmCluster : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), Pause = TimeSpan.FromMilliseconds(50);

    private readonly Process script;
    private readonly string configuration;

    /// <summary>Starts it.</summary>
    /// <exception cref="InvalidOperationException">It does not start; the message is the end of its logs.</exception>
    public SlurmCluster()
    {
        script = Process.Start(new ProcessStartInfo("bash", [Path.Combine(AppContext.BaseDirectory, "Cluster", "slurm.sh")])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var errors = script.StandardError.ReadToEndAsync();
        configuration = script.StandardOutput.ReadLine() ?? throw new InvalidOperationException(errors.Result);
    }

    /// <summary>Submits a job.</summary>
    /// <returns>Its number.</returns>
    public string Submit(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Run("sbatch", environment, ["--parsable", .. arguments]).Trim();

    /// <summary>Kills all processes of a task of an array, as happens where memory runs out.</summary>
    public void Kill(int task)
    {
        var processes = Run("scontrol", "listpids", Tasks()[task].Job).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(' ')[0]);
        // With the first of them gone, Slurm may be faster with the others.
        using var kill = Process.Start(new ProcessStartInfo("kill", ["-KILL", .. processes]) { RedirectStandardError = true })!;
        kill.WaitForExit();
    }

    /// <summary>What Slurm says of each task of the only array.</summary>
    public IReadOnlyDictionary<int, SlurmTask> Tasks() =>
        Run("squeue", "--noheader", "--array", "--states=all", "--format=%K %A %T").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ')).ToDictionary(words => int.Parse(words[0], CultureInfo.InvariantCulture), words => new SlurmTask(words[1], words[2]));

    /// <summary>Runs one of Slurm's own programs.</summary>
    /// <returns>What it prints.</returns>
    public string Run(string program, params string[] arguments) => Run(program, new Dictionary<string, string>(), arguments);

    /// <summary>Waits until something is so.</summary>
    /// <exception cref="TimeoutException">It does not become so in two minutes.</exception>
    public void WaitUntil(string what, Func<bool> isSo)
    {
        for (var waited = Stopwatch.StartNew(); !isSo(); Thread.Sleep(Pause))
        {
            if (waited.Elapsed > Patience)
                throw new TimeoutException($"Waited in vain until {what}:\n{Run("scontrol", "show", "job")}");
        }
    }

    public void Dispose()
    {
        script.StandardInput.Close();
        script.WaitForExit();
        script.Dispose();
    }

    private string Run(string program, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SLURM_CONF"] = configuration;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors.Result}");
    }
}

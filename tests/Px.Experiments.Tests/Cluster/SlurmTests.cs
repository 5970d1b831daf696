using System.Diagnostics;
using Px.Experiments.Tests.Support;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Cluster;

public sealed class SlurmTests : IDisposable
{
    // A seed each for three shards.
    private static readonly string[] Grid = ["--methods", "dense,random", "--sparsity", "0.8", "--seeds", "1,2,3", "--epochs", "12"];
    private static readonly int[] Shards = [0, 1, 2];
    private static readonly string JobFile = Path.Combine(AppContext.BaseDirectory, "Cluster", "sweep.sbatch");

    private readonly TinySweep alone = new(), shared = new();
    private readonly TemporaryFolder logs = new();

    [SlurmFact]
    public void Sweep_TasksKilledAndStoppedOnTheWay_EndsInTheResultsOfOneProcess()
    {
        alone.Run(["sweep", .. Grid]).ExitCode.Should().Be(0);
        using var slurm = new SlurmCluster();
        var job = slurm.Submit(
            new Dictionary<string, string> { ["PX_APP"] = typeof(App).Assembly.Location, ["PX_RESULTS"] = shared.Output.Path },
            ["--array=0-2", "--cpus-per-task=1", $"--chdir={logs.Path}", JobFile, .. shared.All(Grid), "--verbose"]);

        slurm.WaitUntil("a network of task 0 has gone through an epoch", () => IsOnTheWay(0));
        slurm.Kill(0);
        slurm.WaitUntil("Slurm has seen that task 0 was killed", () => slurm.Tasks()[0].State == "FAILED");
        IsOnTheWay(0).Should().BeTrue("it was killed before the end");
        slurm.Run("scontrol", "requeue", $"{job}_0");

        // As --signal has it ahead of the time limit. The last task: its number as a job of its own is that of the whole array.
        slurm.WaitUntil("a network of task 2 has gone through an epoch", () => IsOnTheWay(2));
        slurm.Tasks()[2].Job.Should().Be(job);
        slurm.Run("scancel", "--batch", "--signal=TERM", $"{job}_2");
        slurm.WaitUntil("task 2 has requeued itself", () => Log(job, 2).Contains("requeued", StringComparison.Ordinal));

        slurm.WaitUntil("all tasks have ended", () => slurm.Tasks().Values.All(task => task.State is "COMPLETED" or "FAILED"));
        slurm.Tasks().Values.Should().OnlyContain(task => task.State == "COMPLETED", string.Concat(Shards.Select(shard => Log(job, shard))));
        Shards.Select(shard => Log(job, shard).Split(", start ").Length - 1).Should().Equal(2, 1, 2);
        Log(job, 0).Should().MatchRegex("going on after epoch [1-9]");
        Log(job, 2).Should().Contain("Cancelled. The same command goes on from here.");
        shared.ShouldEqual(alone);
        shared.ShouldBeTidy();
    }

    [SlurmFact]
    public void JobFile_TaskOfAnArrayThatDoesNotBeginAtZero_IsRefusedUnlessTheNumberOfShardsIsSaid()
    {
        Dictionary<string, string> environment = new()
        {
            ["PX_APP"] = "/bin/echo", ["SLURM_SUBMIT_DIR"] = logs.Path, ["SLURMD_NODENAME"] = "node",
            ["SLURM_ARRAY_JOB_ID"] = "7", ["SLURM_ARRAY_TASK_ID"] = "3", ["SLURM_ARRAY_TASK_COUNT"] = "1", ["SLURM_ARRAY_TASK_MAX"] = "3",
        };

        var (exitCode, _, error) = RunJobFile(environment);
        (exitCode, error).Should().Be((2, "sweep.sbatch: the array is not 0 to n-1: say with PX_SHARDS into how many parts the grid is cut\n"));

        environment["PX_SHARDS"] = "3";
        RunJobFile(environment).ExitCode.Should().Be(2);
        environment["PX_SHARDS"] = "8";
        (exitCode, var output, _) = RunJobFile(environment);
        exitCode.Should().Be(0);
        output.Should().EndWith($"\nsweep --protocol fig2-small --shard 3/8 --threads 1 --output {logs.Path}/experiments\n");
    }

    public void Dispose()
    {
        alone.Dispose();
        shared.Dispose();
        logs.Dispose();
    }

    private static (int ExitCode, string Output, string Error) RunJobFile(Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("bash", [JobFile]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    private bool IsOnTheWay(int shard) => Directory.EnumerateFiles(shared.Output.Path, $"*-seed{shard + 1}-*.checkpoint.safetensors").Any();

    private string Log(string job, int task) => File.ReadAllText(logs.In($"px-sweep-{job}-{task}.log"));
}

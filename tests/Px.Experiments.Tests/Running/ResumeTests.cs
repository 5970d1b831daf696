using System.Diagnostics;
using Px.Experiments.Running;
using Px.Experiments.Tests.Support;
using Px.Runner;
using Px.Tests.Shared;
using Xunit.Abstractions;

namespace Px.Experiments.Tests.Running;

/// <summary>Whatever ends a sweep and whenever: the same command goes on, and gets the numbers of one that nothing ended.</summary>
public sealed class ResumeTests : IDisposable, IClassFixture<UnbrokenSweeps>
{
    private static readonly string[] Grid = ["sweep", "--methods", "snip,dense", "--sparsity", "0.5", "--epochs", "20"];
    private static readonly string[] Imp = ["sweep", "--methods", "imp", "--sparsity", "0.5", "--rounds", "2", "--epochs", "12"];
    private static readonly string[] Several = ["sweep", "--methods", "dense,snip,random,magnitude", "--sparsity", "0.5,0.8", "--epochs", "2"];

    private readonly UnbrokenSweeps unbroken;
    private TinySweep broken = new();

    private readonly ITestOutputHelper log;

    public ResumeTests(UnbrokenSweeps unbroken, ITestOutputHelper log) => (this.unbroken, this.log) = (unbroken, log);

    [Theory]
    [InlineData("*snip*.start.json")]
    [InlineData("*snip*.checkpoint.safetensors")]
    [InlineData("*dense*.checkpoint.safetensors")]
    public void Run_ProcessKilled_GoesOnToTheSameNumbers(string at) => KilledAndRunAgain(Grid, at);

    [Theory]
    [InlineData("*.imp-round1.safetensors")]
    [InlineData("*.imp-round2.safetensors")]
    [InlineData("*.checkpoint.safetensors")]
    public void Run_ProcessKilledInATrainingOfImp_GoesOnToTheSameNumbers(string at) => KilledAndRunAgain(Imp, at);

    [Fact]
    [Trait("Category", "Soak")]
    public void Run_ProcessKilledAtRandom_GoesOnToTheSameNumbers()
    {
        var (random, kills, sweeps) = (new Random(16), 0, 1);
        for (var wanted = SoakSize.Of("PX_SOAK_KILLS", 2); kills < wanted;)
        {
            using var process = broken.Start(Grid);
            if (process.WaitForExit(random.Next(100, 3000)))
            {
                // This one came to its end. What is left of the kills is for another.
                process.ExitCode.Should().Be(0);
                GoesOnToTheSameNumbers();
                broken.Dispose();
                (broken, sweeps) = (new TinySweep(), sweeps + 1);
                continue;
            }

            process.Kill();
            process.WaitForExit();
            kills++;
        }

        GoesOnToTheSameNumbers();
        log.WriteLine($"soak: kills: {kills} of {sweeps} sweeps, 0 other numbers");

        void GoesOnToTheSameNumbers()
        {
            broken.Run(Grid).ExitCode.Should().Be(0);
            broken.ShouldEqual(unbroken.Of(Grid));
            broken.ShouldBeTidy();
        }
    }

    [Fact]
    public async Task Run_Cancelled_GoesOnToTheSameNumbers()
    {
        var (exitCode, output) = await RunAndCancel("*snip*.checkpoint.safetensors");
        exitCode.Should().Be(ExitCode.Cancelled);
        output.Should().EndWith("Cancelled. The same command goes on from here.\n");

        broken.Run(Grid).ExitCode.Should().Be(0);
        broken.ShouldEqual(unbroken.Of(Grid));
        broken.ShouldBeTidy();
    }

    [Fact]
    public void Run_Terminated_StopsCleanlyAndSaysSo()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var process = broken.Start(Grid);
        WaitFor(process, "*.checkpoint.safetensors");
        Process.Start("sh", ["-c", $"kill -TERM {process.Id}"]).WaitForExit(); // a minimal system has no program "kill", but a shell has

        process.StandardOutput.ReadToEnd().Should().EndWith("Cancelled. The same command goes on from here.\n");
        process.WaitForExit();
        process.ExitCode.Should().Be(ExitCode.Cancelled);
    }

    [Fact]
    public async Task Run_BegunOnOtherData_IsRefused()
    {
        await RunAndCancel("*.checkpoint.safetensors");

        var start = Directory.GetFiles(broken.Output.Path, "*.start.json").Single();
        var begun = CellStart.TryRead(start)!;
        (begun with { DataHash = $"0{begun.DataHash}" }).Write(start);

        var (exitCode, output) = broken.Run(Grid);
        exitCode.Should().Be(ExitCode.Failed);
        output.Should().Contain("was begun on other data");
    }

    [Fact]
    public void Run_TwoProcessesAtOnce_ShareTheNetworks()
    {
        using var first = broken.Start(Several);
        using var second = broken.Start(Several);
        var said = string.Concat(new[] { first.StandardOutput, second.StandardOutput, first.StandardError, second.StandardError }.Select(output => output.ReadToEnd()));
        var lines = said.Split('\n').Where(line => line.StartsWith('[')).Select(line => line.Split("] ")[1].Split(':')[0]);
        first.WaitForExit();
        second.WaitForExit();

        (first.ExitCode, second.ExitCode).Should().Be((0, 0), "{0}", said);
        lines.Should().HaveCount(7).And.OnlyHaveUniqueItems("none is made twice");
        broken.ShouldEqual(unbroken.Of(Several));
        broken.ShouldBeTidy();
    }

    [Fact]
    public void Run_NetworkThatAnotherProcessIsAt_IsWaitedForAndTakenOver()
    {
        var snip = broken.Run([.. Grid, "--list"]).Output.Split('\n').Single(line => line.Contains("snip", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        Process process;
        using (CellLock.TryTake(broken.Output.In($"{snip}.lock")))
        {
            process = broken.Start(Grid);
            while (process.StandardOutput.ReadLine() is { } line && !line.Contains("waiting for them", StringComparison.Ordinal)) { }
            Exists("*dense*.result.json").Should().BeTrue("it makes what it can meanwhile");
            process.HasExited.Should().BeFalse("a network is not there yet");
        }

        using (process)
        {
            process.StandardOutput.ReadToEnd().Should().Contain("2 of 2 networks are finished");
            process.WaitForExit();
            process.ExitCode.Should().Be(0);
        }

        broken.ShouldEqual(unbroken.Of(Grid));
        broken.ShouldBeTidy();
    }

    public void Dispose() => broken.Dispose();

    private void KilledAndRunAgain(string[] grid, string at)
    {
        using (var process = broken.Start(grid))
        {
            WaitFor(process, at);
            process.Kill();
            process.WaitForExit();
        }

        broken.Results().Should().HaveCountLessThan(unbroken.Of(grid).Results().Count, "it was killed on the way");
        broken.Run(grid).ExitCode.Should().Be(0);
        broken.ShouldEqual(unbroken.Of(grid));
        broken.ShouldBeTidy();
    }

    /// <summary>Runs a grid in this process, and cancels it as soon as there is such a file.</summary>
    private async Task<(int ExitCode, string Output)> RunAndCancel(string at)
    {
        using var source = new CancellationTokenSource();
        var run = Task.Run(() => broken.Run(source.Token, Grid));
        SpinWait.SpinUntil(() => run.IsCompleted || Exists(at), TimeSpan.FromMinutes(1));
        source.Cancel();
        return await run;
    }

    private void WaitFor(Process process, string pattern)
    {
        SpinWait.SpinUntil(() => process.HasExited || Exists(pattern), TimeSpan.FromMinutes(1));
        process.HasExited.Should().BeFalse("it has many epochs to go through");
    }

    private bool Exists(string pattern) => Directory.EnumerateFiles(broken.Output.Path, pattern).Any();
}

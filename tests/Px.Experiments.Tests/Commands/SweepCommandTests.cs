using Px.Experiments.Results;
using Px.Experiments.Tests.Support;

namespace Px.Experiments.Tests.Commands;

public sealed class SweepCommandTests : IDisposable
{
    private static readonly string[] Grid = ["--methods", "dense,px,snip", "--sparsity", "0.5,0.8", "--rounds", "2", "--epochs", "1"];

    private readonly TinySweep tiny = new();

    [Fact]
    public void Run_Grid_WritesALineAndAResultForEachNetwork()
    {
        var (exitCode, output) = tiny.Run(["sweep", .. Grid]);

        exitCode.Should().Be(0, output);
        output.TrimEnd().Split('\n').Should().HaveCount(6).And.SatisfyRespectively(
            line => line.Should().MatchRegex(@"^\[1/5\] dense, seed 1: accuracy [\d.]+ % before training, [\d.]+ % after, trained in [\d.]+ s$"),
            line => line.Should().MatchRegex(@"^\[2/5\] PX, 50 % removed, 2 rounds, seed 1: accuracy .*; pruned in [\d.]+ s, trained in [\d.]+ s$"),
            line => line.Should().StartWith("[3/5] SNIP, 50 % removed, seed 1"),
            line => line.Should().StartWith("[4/5] PX, 80 % removed"),
            line => line.Should().StartWith("[5/5] SNIP, 80 % removed"),
            line => line.Should().StartWith("5 of 5 networks are finished"));
        tiny.ShouldBeTidy();
        var result = tiny.Results().Values.Single(result => result is { Method: "PX", Cell.Sparsity: 0.8 });
        result.Pruning!.Kept.Should().Be((long)Math.Round(0.2 * result.Pruning.Total)).And.Be(result.Pruning.Layers.Sum(layer => layer.Kept));
        result.Pruning.Rounds.Should().Be(2);
        result.Pruning.Effective.Should().BeInRange(1, result.Pruning.Kept).And.Be(result.Pruning.Layers.Sum(layer => layer.Effective));
        result.Pruning.Flops.Should().BePositive().And.BeLessThan(result.Pruning.DenseFlops!.Value);
        result.Settings.Should().Contain("learning rate", "0.1").And.Contain("batch", "16").And.Contain("training samples", "160").And.Contain("pruning seed", "1");
        result.Versions.Should().ContainKeys("Px.Pruning", "TorchSharp", "libtorch", ".NET", "system", "device").And.Contain("threads", "1");
        tiny.Results().Values.Select(other => other.DataHash).Distinct().Should().ContainSingle().Which.Should().HaveLength(64);
    }

    [Fact]
    public void Run_Again_MakesOnlyWhatIsNotThere()
    {
        tiny.Run(["sweep", .. Grid]);
        var times = Times();

        var (exitCode, output) = tiny.Run("sweep", "--methods", "dense,px,snip,random", "--sparsity", "0.8", "--rounds", "2", "--epochs", "1");

        exitCode.Should().Be(0);
        output.Split('\n')[0].Should().StartWith("[4/4] Random, 80 % removed");
        Times().Should().Contain(times);
    }

    [Fact]
    public void Run_NetworkThatCannotBePruned_IsRecordedAndTheOthersAreMade()
    {
        // Half of each layer cannot stay where a fifth of all weights does.
        string[] grid = ["sweep", "--methods", "snip,dense", "--sparsity", "0.8,0.3", "--minimum-density", "0.5", "--epochs", "0"];

        var (exitCode, output) = tiny.Run(grid);

        exitCode.Should().Be(1);
        output.Should().Contain("warning: SNIP, 80 % removed, seed 1 cannot be run: ").And.Contain("2 of 3 networks are finished").And.Contain("1 of 3 networks cannot be run");
        tiny.Results().Should().HaveCount(2);
        File.ReadAllText(Directory.GetFiles(tiny.Output.Path, "*.failed.json").Single()).Should().Contain("minimum");

        var again = tiny.Run(grid);
        again.ExitCode.Should().Be(1);
        again.Output.Should().NotContain("warning");
        tiny.Run([.. grid, "--retry"]).Output.Should().Contain("warning");
    }

    [Fact]
    public void Run_DamagedResult_IsMadeAgainWithAWarning()
    {
        tiny.Run("sweep", "--methods", "dense", "--epochs", "0");
        var file = Directory.GetFiles(tiny.Output.Path).Single();
        File.WriteAllText(file, File.ReadAllText(file)[..100]);

        var (exitCode, output) = tiny.Run("sweep", "--methods", "dense", "--epochs", "0");

        exitCode.Should().Be(0);
        output.Should().Contain("warning:").And.Contain("is damaged").And.Contain("[1/1] dense");
        ResultFile.Read(file).Method.Should().Be("dense");
    }

    [Fact]
    public void Run_ResultOfAnotherVersion_IsLeftAlone()
    {
        tiny.Run("sweep", "--methods", "dense", "--epochs", "0");
        var file = Directory.GetFiles(tiny.Output.Path).Single();
        ResultFile.Write(file, ResultFile.Read(file) with { Format = 2 });

        var (exitCode, output) = tiny.Run("sweep", "--methods", "dense", "--epochs", "0");

        exitCode.Should().Be(1);
        output.Should().Contain("is of format 2");
        File.ReadAllText(file).Should().Contain("\"format\": 2");
    }

    [Fact]
    public void Run_SpectrumSamples_TakesTheSpectrumOfDenseAndPruned()
    {
        var (exitCode, output) = tiny.Run("sweep", "--methods", "dense,px,px-released", "--sparsity", "0.9", "--rounds", "2", "--epochs", "0", "--spectrum-samples", "7");

        exitCode.Should().Be(0, output);
        var spectra = tiny.Results().Values.ToDictionary(result => result.Cell.Method, result => result.Spectrum!);
        spectra.Should().HaveCount(3).And.OnlyContain(spectrum => spectrum.Value.Samples == 7 && spectrum.Value.Eigenvalues.Count == 70 && spectrum.Value.Bound > 0);
        spectra.Values.Should().OnlyContain(spectrum => spectrum.Eigenvalues[0] > 0 && spectrum.Eigenvalues.SequenceEqual(spectrum.Eigenvalues.OrderDescending()));
        spectra["px"].Eigenvalues[0].Should().NotBe(spectra["dense"].Eigenvalues[0]);
    }

    [Fact]
    public void Run_EmptiedNetwork_SaysSoInWords()
    {
        tiny.Run("sweep", "--methods", "magnitude", "--sparsity", "0.999", "--epochs", "0");

        var pruning = tiny.Results().Values.Single().Pruning!;
        pruning.Findings.Should().NotBeEmpty();
        pruning.Effective!.Value.Should().BeLessThan(pruning.Kept);
        pruning.OutputsReached!.Value.Should().BeLessThan(pruning.Outputs!.Value);
    }

    [Fact]
    public void Run_TimingRepeats_TimesEach()
    {
        tiny.Run("sweep", "--methods", "snip", "--epochs", "0", "--timing-repeats", "3");

        tiny.Results().Values.Single().Pruning!.Seconds.Should().HaveCount(3).And.OnlyContain(seconds => seconds > 0);
    }

    [Fact]
    public void Run_List_SaysHowFarEachNetworkIs()
    {
        tiny.Run("sweep", "--methods", "dense", "--epochs", "1");

        var (exitCode, output) = tiny.Run("sweep", "--methods", "dense,px", "--epochs", "1", "--list");

        exitCode.Should().Be(0);
        output.Should().MatchRegex(@"^done   resnet8-fashion-mnist-dense-seed1-\w{10}\nopen   resnet8-fashion-mnist-px-0\.9-seed1-\w{10}\n2 networks: 1 done, 0 cannot be run, 1 open, about 0:\d\d at the pace of those that are done\n$");
    }

    [Fact]
    public void Run_ProtocolWithLists_ChoosesOfIt()
    {
        var output = new StringWriter();

        App.Run(
            ["sweep", "--protocol", "fig2-small", "--methods", "dense,px", "--sparsity", "0.9312", "--epochs", "1", "--list", "--output", tiny.Output.Path],
            new Px.Runner.Display.Terminal(output, false, 80, TimeProvider.System), CancellationToken.None).Should().Be(0);

        output.ToString().Should().Contain("4 networks: 0 done");
    }

    [Fact]
    public void Run_Shards_ShareTheNetworks()
    {
        tiny.Run(["sweep", .. Grid, "--epochs", "0", "--shard", "0/2"]).Output.Should().Contain("3 of 3 networks are finished");
        tiny.Run(["sweep", .. Grid, "--epochs", "0", "--shard", "1/2"]).Output.Should().Contain("2 of 2 networks are finished");

        tiny.Run(["sweep", .. Grid, "--epochs", "0", "--list"]).Output.Should().Contain("5 networks: 5 done");
    }

    [Fact]
    public void Run_LogFile_HasTheRounds()
    {
        var log = tiny.Output.In("sweep.log");

        tiny.Run("sweep", "--methods", "px", "--rounds", "2", "--epochs", "0", "--log", log);

        File.ReadAllLines(log).Should().Contain(line => line.Contains("Z information PX round 2 of 2: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(2, "--no-such-option")]
    [InlineData(2, "--protocol", "fig7")]
    [InlineData(2, "--shard", "2/2")]
    [InlineData(2, "--models", "vgg16", "--initializations", "moco")]
    [InlineData(2, "--protocol", "fig4", "--methods", "synflow")]
    [InlineData(1, "--grid", "no-such-file.json")]
    [InlineData(1, "--data", "no-such-folder", "--datasets", "fashion-mnist")]
    [InlineData(1, "--initializations", "moco", "--models", "resnet50", "--datasets", "fashion-mnist")]
    public void Run_NothingToDo_TellsByItsExitCode(int exitCode, params string[] arguments)
    {
        var output = new StringWriter();

        App.Run(["sweep", "--output", tiny.Output.Path, "--epochs", "0", .. arguments], new Px.Runner.Display.Terminal(output, false, 80, TimeProvider.System), CancellationToken.None)
            .Should().Be(exitCode, output.ToString());
    }

    [Fact]
    public void Run_RunCommand_PrintsATable()
    {
        var (exitCode, output) = tiny.Run("run", "--methods", "px", "--sparsity", "0.9", "--epochs", "0");

        exitCode.Should().Be(0);
        output.Should().MatchRegex(@"\nPX, 90 % removed, seed 1 +\d+\.\d\d % +\d+\.\d\d % +\d[\d,]* +\d+\.\d s +\d+\.\d s");
    }

    public void Dispose() => tiny.Dispose();

    private Dictionary<string, DateTime> Times() => Directory.GetFiles(tiny.Output.Path).ToDictionary(file => file, File.GetLastWriteTimeUtc);
}

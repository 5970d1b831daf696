using Px.Pruning;
using Px.Runner.CommandLines;
using Px.Runner.Experiments;
using Px.Runner.Tests.Support;
using Px.Runner.Training;
using static TorchSharp.torch;

namespace Px.Runner.Tests.Experiments;

public sealed class ExperimentTests : IDisposable
{
    private readonly TemporaryFolder straight = new(), broken = new();

    [Fact]
    public void Run_SeveralSeeds_TabulatesTheirMeans()
    {
        using var output = new StringWriter();
        var results = Run(Options(straight) with { Seeds = [1, 2, 3] }, output: output);

        results.Should().HaveCount(3 * 4);
        var random = results.Where(result => result.Method == "Random").Select(result => 100 * result.After).ToList();
        var (mean, deviation) = (random.Average(), Math.Sqrt(random.Sum(value => Math.Pow(value - random.Average(), 2)) / 2));
        output.ToString().Should().Contain(FormattableString.Invariant($"{mean:F2} ± {deviation:F2} %"));
        File.ReadAllLines(straight.In("results.csv")).Should().HaveCount(1 + (3 * 4));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(11)] // dense is finished, the first pruned one has a checkpoint
    [InlineData(20)]
    [InlineData(26)] // in the rounds of IMP
    public void Run_KilledAndResumed_GivesTheSameResults(int batches)
    {
        var expected = Run(Options(straight));

        FluentActions.Invoking(() => Run(Options(broken), killAfter: batches)).Should().Throw<OperationCanceledException>();
        var found = Run(Options(broken) with { Resume = true });

        found.Should().BeEquivalentTo(expected, options => options.Excluding(result => result.PruneTime).Excluding(result => result.TrainTime));
        foreach (var result in expected)
        {
            foreach (var file in (string[])[$"{result.FileName}.weights.safetensors", .. result.Sparsity is null ? Array.Empty<string>() : [$"{result.FileName}.mask.safetensors"]])
                File.ReadAllBytes(broken.In(file)).Should().Equal(File.ReadAllBytes(straight.In(file)), file);
        }

        Directory.GetFiles(broken.Path, "*.checkpoint.*").Should().BeEmpty();
    }

    [Fact]
    public void Run_MinimumDensity_IsKeptInEveryLayer()
    {
        Run(Options(straight) with { Methods = ["magnitude"], Sparsities = [0.8], MinimumDensity = 0.15, Epochs = 0 });

        using var mask = PruningMask.Load(straight.In("magnitude-0.8-seed1.mask.safetensors"));
        mask.Names.Should().HaveCount(2).And.OnlyContain(name => mask.KeptIn(name) >= Math.Floor(0.15 * mask.TotalIn(name)));
    }

    [Fact]
    public void Run_MinimumDensityAboveTheDensity_SaysSo() =>
        FluentActions.Invoking(() => Run(Options(straight) with { Methods = ["magnitude"], Sparsities = [0.8], MinimumDensity = 0.5, Epochs = 0 }))
            .Should().Throw<ProgramException>().WithMessage("Magnitude, 80 % removed: *");

    [Fact]
    public void Run_NotResumed_BeginsAnew()
    {
        Run(Options(straight) with { Epochs = 1 });

        Run(Options(straight) with { Methods = ["random"], Epochs = 0 }).Should().OnlyContain(result => result.Before == result.After, "nothing was trained");
    }

    [Fact]
    public void Open_ResumedWithOtherOptions_IsRefused()
    {
        RunFolder.Open(Options(straight));

        FluentActions.Invoking(() => RunFolder.Open(Options(straight) with { Resume = true, Epochs = 5 }))
            .Should().Throw<UsageException>().WithMessage("*holds a run with other options: Epochs was 2, is 5");
        FluentActions.Invoking(() => RunFolder.Open(Options(broken) with { Resume = true })).Should().Throw<UsageException>().WithMessage("*holds no run");
    }

    [Theory]
    [InlineData("options.json")]
    [InlineData("random-0.36-seed1.result.json")]
    public void Run_ResumedWithADamagedFile_SaysWhichAndWhatToDo(string file)
    {
        var options = Options(straight) with { Methods = ["random"], Epochs = 0 };
        Run(options);

        foreach (var text in (string[])["", "null", "[]", "{\""])
        {
            File.WriteAllText(straight.In(file), text);
            FluentActions.Invoking(() => Run(options with { Resume = true })).Should().Throw<ProgramException>().WithMessage($"*{file}' is damaged: *");
        }
    }

    [Theory]
    [InlineData(65, 1, "--batch 65 is more than the 64 training samples")]
    [InlineData(16, 17, "--accumulate 17 is more than the 16 samples of a batch")]
    public void New_OptionsThatContradictTheData_AreRefused(int batch, int accumulate, string message) =>
        FluentActions.Invoking(() => Run(Options(straight) with { Batch = batch, Accumulate = accumulate })).Should().Throw<UsageException>().WithMessage(message);

    public void Dispose()
    {
        straight.Dispose();
        broken.Dispose();
    }

    private static ToyOptions Options(TemporaryFolder output) =>
        new() { Output = output.Path, Methods = ["snip", "random", "imp"], Sparsities = [0.36], Epochs = 2, Batch = 16 };

    private static IReadOnlyList<NetworkResult> Run(ToyOptions options, int killAfter = int.MaxValue, TextWriter? output = null)
    {
        using var task = new KillingTask(new ToyTask(), killAfter);
        var recipe = options.Apply(new Recipe { LearningRate = 0.1, Epochs = 1, BatchSize = 8 });
        return new Experiment(task, recipe, options, RunFolder.Open(options), CPU, Terminals.To(output ?? TextWriter.Null)).Run(task.Token);
    }

    private sealed record ToyOptions : ExperimentOptions;
}

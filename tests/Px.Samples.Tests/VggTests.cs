using Px.Pruning;
using Px.Runner.Tests.Support;
using Px.Samples.VggSample;

namespace Px.Samples.Tests;

public sealed class VggTests : IDisposable
{
    private readonly TemporaryFolder output = new();

    [Fact]
    public void Run_SyntheticImages_SaysSoAndPrunesAsUsual()
    {
        var run = Synthetic("--depth", "16", "--epochs", "1", "--methods", "px,random", "--sparsity", "0.9", "--max-rounds", "2");

        run.ExitCode.Should().Be(0, run.Output);
        run.Output.Should().StartWith("A stand-in: synthetic is not CIFAR-100");
        run.Table().Select(row => row[0]).Should().Equal("dense", "PX", "Random");
        using var mask = PruningMask.Load(output.In("px-0.9-seed1.mask.safetensors"));
        mask.Names.Should().HaveCount(14, "thirteen convolutions and one linear layer");
        mask.Kept.Should().Be((long)Math.Round(0.1 * mask.Total));
    }

    [Fact]
    public void Run_SyntheticImagesTwice_AreTheSame()
    {
        var first = Synthetic("--depth", "11", "--epochs", "0", "--methods", "random").Table();

        Synthetic("--depth", "11", "--epochs", "0", "--methods", "random").Table().Select(row => row[2]).Should().Equal(first.Select(row => row[2]));
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(2, "--depth", "12")]
    [InlineData(1, "--dataset", "cifar100", "--data", "no such folder")]
    public void Run_NothingToDo_TellsByItsExitCode(int exitCode, params string[] arguments) => Synthetic(arguments).ExitCode.Should().Be(exitCode);

    public void Dispose() => output.Dispose();

    private SampleRun Synthetic(params string[] arguments) => SampleRun.Of(
        Sample.Run, ["--dataset", "synthetic", "--width", "4", "--train-samples", "200", "--test-samples", "100", "--batch", "50", "--output", output.Path, .. arguments]);
}

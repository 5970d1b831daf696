using Px.Demo.CommandLines;
using Px.Demo.Tests.Images;
using Px.Pruning;
using Px.Runner.Tests.Support;

namespace Px.Demo.Tests.Experiments;

/// <summary>The whole program, as its user runs it, on images that are small enough for a test.</summary>
public sealed class DemoTests : IDisposable
{
    private const int Weights = 270_608;

    private readonly TemporaryFolder data = new(), output = new(), again = new();

    public DemoTests() => TinyImages.Write(data.Path, train: 160, test: 40);

    [Fact]
    public void Run_AllMethods_WritesMasksWeightsReportsAndResults()
    {
        Run(output, "--sparsity", "0.9").Should().Be(0);

        foreach (var method in (string[])["px", "snip", "magnitude", "random"])
        {
            using var mask = PruningMask.Load(output.In($"{method}-0.9.mask.safetensors"));
            (mask.Kept, mask.Total).Should().Be((27_061, Weights), method);
            File.Exists(output.In($"{method}-0.9.weights.safetensors")).Should().BeTrue(method);
            File.ReadAllText(output.In($"{method}-0.9.report.txt")).Should().Contain("layer3.2.conv2.weight");
        }

        var rows = File.ReadAllLines(output.In("results.csv")).Select(line => line.Split(',')).ToList();
        rows.Select(row => row[0]).Should().Equal("method", "dense", "PX", "SNIP", "Magnitude", "Random");
        rows.Skip(1).Select(row => row[4]).Should().Equal($"{Weights}", "27061", "27061", "27061", "27061");
    }

    [Fact]
    public void Run_SameSeedTwice_WritesTheSameBytes()
    {
        Run(output, "--methods", "snip", "--sparsity", "0.98").Should().Be(0);
        Run(again, "--methods", "snip", "--sparsity", "0.98").Should().Be(0);

        foreach (var file in (string[])["dense.weights.safetensors", "snip-0.98.weights.safetensors", "snip-0.98.mask.safetensors"])
            File.ReadAllBytes(again.In(file)).Should().Equal(File.ReadAllBytes(output.In(file)), file);
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(2, "--no-such-option")]
    [InlineData(1, "--data", "no such folder")]
    public void Run_NothingToDo_TellsByItsExitCode(int exitCode, params string[] arguments) =>
        Invoke(["--output", output.Path, .. arguments]).Should().Be(exitCode);

    [Fact]
    public void Run_MoreImagesThanThereAre_Fails() => Run(output, "--test-samples", "41").Should().Be(1);

    public void Dispose()
    {
        data.Dispose();
        output.Dispose();
        again.Dispose();
    }

    private int Run(TemporaryFolder into, params string[] arguments) => Invoke(
    [
        "--quick", "--data", data.Path, "--output", into.Path, "--train-samples", "160", "--test-samples", "40", "--batch", "16", .. arguments,
    ]);

    private static int Invoke(string[] arguments) => (int)typeof(CommandLine).Assembly.EntryPoint!.Invoke(null, [arguments])!;
}

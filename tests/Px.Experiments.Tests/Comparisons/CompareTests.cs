using Px.Experiments.Grids;
using Px.Experiments.Results;
using Px.Experiments.Tests.Support;
using Px.Runner.Display;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Comparisons;

public sealed class CompareTests : IDisposable
{
    private readonly TemporaryFolder a = new(), b = new();

    public void Dispose()
    {
        a.Dispose();
        b.Dispose();
    }

    [Fact]
    public void Compare_SameFolder_DiffersInNothing()
    {
        MadeUp.Write(a.Path, MadeUp.Grid());
        MadeUp.Write(b.Path, MadeUp.Grid());

        var (exitCode, output) = Run(a.Path, b.Path, "--fail-below", "0.0001");

        exitCode.Should().Be(0);
        output.Should().Contain("Of 13 pairs, B is ahead by more than the spread over seeds in 0, behind in 0.").And.NotContain("Only in").And.NotContain(" | ");
    }

    [Fact]
    public void Compare_Folders_SaysMeansDifferencesAndWhatIsSetOtherwise()
    {
        MadeUp.Write(a.Path, [MadeUp.Pruned("px", "PX", 0.9, 1, 0.80), MadeUp.Pruned("px", "PX", 0.9, 2, 0.82), MadeUp.Pruned("snip", "SNIP", 0.9, 1, 0.5), MadeUp.Dense(1)]);
        MadeUp.Write(b.Path, new[] { MadeUp.Pruned("px", "PX", 0.9, 1, 0.81), MadeUp.Pruned("px", "PX", 0.9, 2, 0.85), MadeUp.Pruned("force", "FORCE", 0.9, 1, 0.5) }.Select(result =>
            Recast(result with { Cell = result.Cell with { Epochs = 9 }, Versions = new Dictionary<string, string>(result.Versions) { ["threads"] = "8" }, DataHash = "other" })));

        var (exitCode, output) = Run(a.Path, b.Path);

        exitCode.Should().Be(0);
        // Differences 1 and 3 points.
        Words(output).Should().Contain("PX 90 % 2 81.00 ± 1.41 % 83.00 ± 2.83 % +2.00 ± 1.41 yes").And.Contain("epochs: 3 | 9").And.Contain("threads: 2 | 8").And.Contain("data hash: 9f86d081884c7d65 | other")
            .And.Contain("Only in A: dense; SNIP 90 %").And.Contain("Only in B: FORCE 90 %").And.Contain("Of 1 pair, B is ahead by more than the spread over seeds in 1");
    }

    [Fact]
    public void Compare_SettingThatVariesWithinAFolder_TellsNetworksApart()
    {
        var grid = new[] { 1, 10 }.Select(rounds => MadeUp.Pruned("synflow", "SynFlow", 0.9, 1, 0.6 + (0.01 * rounds), rounds)).ToList();
        MadeUp.Write(a.Path, grid);
        MadeUp.Write(b.Path, grid);

        Words(Run(a.Path, b.Path).Output).Should().Contain("SynFlow 90 %, rounds 1 1 61.00 % 61.00 % 0.00").And.Contain("SynFlow 90 %, rounds 10 1 70.00 % 70.00 % 0.00");
    }

    [Theory]
    [InlineData("1.9", 1)]
    [InlineData("2.1", 0)]
    public void Compare_FailBelow_FailsWhereOneIsFurtherBelow(string points, int expected)
    {
        MadeUp.Write(a.Path, [MadeUp.Pruned("px", "PX", 0.9, 1, 0.80), MadeUp.Pruned("snip", "SNIP", 0.9, 1, 0.70)]);
        MadeUp.Write(b.Path, [MadeUp.Pruned("px", "PX", 0.9, 1, 0.78), MadeUp.Pruned("snip", "SNIP", 0.9, 1, 0.79)]);

        var (exitCode, output) = Run(a.Path, b.Path, "--fail-below", points);

        exitCode.Should().Be(expected);
        output.Contains("1 pair with B more than 1.9 points below A, the worst by 2.00: PX 90 %.", StringComparison.Ordinal).Should().Be(expected == 1);
    }

    [Fact]
    public void Compare_Methods_PairsThemSparsityBySparsity()
    {
        MadeUp.Write(a.Path, MadeUp.Grid(), withMasks: true);

        var (exitCode, output) = Run(a.Path, "--methods", "px,Random");

        exitCode.Should().Be(0);
        // Masks keep the first half of each layer's weights, and every other one.
        Words(output).Should().Contain("network seeds px Random difference").And.Contain("50 % removed 2").And.Contain("50.00 % (50.00 %)").And.Contain("98 % removed 2").And.Contain("Of 3 pairs");
        Words(Run(a.Path, "--methods", "dense,px").Output).Should().Contain("Of 3 pairs, px is ahead");
    }

    [Fact]
    public void Compare_Masks_CountsWhatIsCommon()
    {
        var pruning = MadeUp.Pruned("px", "PX", 0.5, 1, 0.8).Pruning!;
        MadeUp.WriteMask(a.In("a.safetensors"), pruning, everyOther: false);
        MadeUp.WriteMask(a.In("b.safetensors"), pruning, everyOther: true);

        var (exitCode, output) = Run(a.In("a.safetensors"), a.In("b.safetensors"));

        exitCode.Should().Be(0);
        Words(output).Should().Contain("fc.weight 80 80 40 50.00 % 50.00 % 33.33 %").And.Contain("all 1,280 1,280 640 50.00 % 50.00 % 33.33 %");
    }

    [Fact]
    public void Compare_MasksOfOtherNetworks_FailsAndSaysWhy()
    {
        var pruning = MadeUp.Pruned("px", "PX", 0.5, 1, 0.8).Pruning!;
        MadeUp.WriteMask(a.In("a.safetensors"), pruning, everyOther: false);
        MadeUp.WriteMask(a.In("b.safetensors"), pruning with { Layers = [.. pruning.Layers.Skip(1)] }, everyOther: false);

        var (exitCode, output) = Run(a.In("a.safetensors"), a.In("b.safetensors"));

        exitCode.Should().Be(1);
        output.Should().Contain("conv1.weight");
    }

    [Theory]
    [InlineData("say what to compare")]
    [InlineData("say what to compare", "one")]
    [InlineData("--methods needs two", "one", "--methods", "px")]
    [InlineData("--methods compares within one folder", "one", "two", "--methods", "px,snip")]
    public void Compare_WrongArguments_SaysWhatIsWrong(string message, params string[] arguments)
    {
        var (exitCode, output) = Run(arguments);

        exitCode.Should().Be(2);
        output.Should().Contain(message);
    }

    [Fact]
    public void Compare_UnknownMethod_NamesThoseThereAre()
    {
        MadeUp.Write(a.Path, MadeUp.Grid());

        var (exitCode, output) = Run(a.Path, "--methods", "px,nobody");

        exitCode.Should().Be(2);
        output.Should().Contain("there is no 'nobody'; there are px, snip, synflow and random");
    }

    private static CellResult Recast(CellResult result) => result with { Name = CellName.Of(result.Cell) };

    private static string Words(string output) => System.Text.RegularExpressions.Regex.Replace(output, "\\s+", " ");

    private static (int ExitCode, string Output) Run(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        return (App.Run(["compare", .. arguments], new Terminal(output, isInteractive: false, 80, TimeProvider.System), CancellationToken.None), output.ToString());
    }
}

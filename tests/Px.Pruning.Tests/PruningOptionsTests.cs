using Px.Pruning.Tests.Networks;
using static TorchSharp.torch;

namespace Px.Pruning.Tests;

/// <summary>Options and arguments are checked before the model is touched.</summary>
public class PruningOptionsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Rounds_BelowOne_Throws(int rounds) =>
        FluentActions.Invoking(() => new PruningOptions { Rounds = rounds }).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void BatchSize_BelowOne_Throws() =>
        FluentActions.Invoking(() => new PruningOptions { BatchSize = 0 }).Should().Throw<ArgumentOutOfRangeException>();

    [Theory]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(98)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Prune_SparsityOutsideItsRange_Throws(double sparsity)
    {
        using var model = new ConvNet();
        FluentActions.Invoking(() => new MagnitudePruner().Prune(model, sparsity: sparsity))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("*fraction of weights to remove*");
    }

    [Fact]
    public void Prune_DataDrivenMethodWithoutData_SaysWhatToPass()
    {
        using var model = new ConvNet();
        FluentActions.Invoking(() => new SnipPruner().Prune(model, PruningData.None, 0.5))
            .Should().Throw<ArgumentException>().WithMessage("*DataLoader*");
    }

    [Fact]
    public void Loss_OfTheUsersOwn_IsTheOneThatIsDifferentiated()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8])]);
        using var crossEntropy = new SnipPruner().Score(model, data);
        using var twice = new SnipPruner().Score(model, data,
            options: new PruningOptions { Loss = (output, target) => nn.functional.cross_entropy(output, target) * 2 });

        twice["fc.weight"].allclose(crossEntropy["fc.weight"] * 2, 1e-4, 1e-7).Should().BeTrue();
    }

    [Fact]
    public void Loss_ThatIsNotReduced_IsRefusedWithItsShape()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        var options = new PruningOptions { Loss = (output, _) => output.square() };

        FluentActions.Invoking(() => new SnipPruner().Score(model, PruningData.From([Samples.Normal(8, [3, 8, 8])]), options: options))
            .Should().Throw<ArgumentException>().WithMessage("*[8, 4]*");
    }

    [Fact]
    public void Progress_EveryRound_ReportsWhatIsKept()
    {
        using var model = new ConvNet();
        var seen = new List<PruningProgress>();
        var options = new PruningOptions { Rounds = 4, Progress = new Recorder(seen), Schedule = SparsitySchedule.Linear };

        using var result = new RandomPruner().Prune(model, sparsity: 0.8, options);

        seen.Select(p => p.Round).Should().Equal(1, 2, 3, 4);
        seen.Select(p => Math.Round(p.Density, 2)).Should().Equal(0.8, 0.6, 0.4, 0.2);
        seen[^1].Kept.Should().Be(result.Mask.Kept);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RoundMasks_EveryRound_ReceiveItsMask(bool imp)
    {
        using var model = new ConvNet();
        var masks = new List<PruningMask>();
        var options = new PruningOptions { Rounds = 4, RoundMasks = masks, Schedule = SparsitySchedule.Linear };
        IPruner pruner = imp ? new IterativeMagnitudePruner((_, _) => { }) : new MagnitudePruner();

        using var result = pruner.Prune(model, PruningData.None, 0.8, options);

        masks.Select(mask => Math.Round(mask.Density, 2)).Should().Equal(0.8, 0.6, 0.4, 0.2);
        masks.Zip(masks.Skip(1), (before, after) => before.Overlap(after)).Should().AllBeEquivalentTo(1.0, "masks only shrink");
        masks[^1].Jaccard(result.Mask).Should().Be(1);
        masks.Select(mask => mask.Metadata["round"]).Should().Equal("1", "2", "3", "4");
        masks.Should().OnlyContain(mask => mask.Metadata["method"] == result.Report.Method);
        masks.ForEach(mask => mask.Dispose());
    }

    [Fact]
    public void Mask_OfAPruner_SaysHowItWasMade()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        using var result = new PathExclusionPruner { Objective = PxObjective.Joint }
            .Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.75, new PruningOptions { Rounds = 3, Seed = 9 });

        result.Mask.Metadata.Should().Contain(new Dictionary<string, string>
        {
            ["method"] = "PX", ["objective"] = "Joint", ["sparsity"] = "0.75", ["rounds"] = "3", ["seed"] = "9", ["schedule"] = "exponential",
        });
    }

    private sealed class Recorder(List<PruningProgress> seen) : IProgress<PruningProgress>
    {
        public void Report(PruningProgress value) => seen.Add(value);
    }
}

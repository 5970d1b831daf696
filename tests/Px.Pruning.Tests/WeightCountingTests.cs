using Px.Pruning.Ranking;
using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Ranking;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests;

/// <summary>How many weights stay, rounded or with the number removed truncated.</summary>
public class WeightCountingTests
{
    private static readonly PruningOptions truncated =
        new() { Counting = WeightCounting.Truncated, Seed = 3, Data = DataBudget.PerClass(2), BatchSize = 3 };

    [Theory]
    [InlineData(0.5, 5, 3, 3)]
    [InlineData(0.25, 10, 3, 3)]
    [InlineData(0.24, 10, 2, 3)]
    [InlineData(0.26, 10, 3, 3)]
    [InlineData(0.2, 10, 2, 2)]
    [InlineData(0, 10, 0, 0)]
    [InlineData(1, 10, 10, 10)]
    [InlineData(0.018, 270896, 4876, 4877)]
    // 1 − 0.9 is below 0.1 in binary, so that ten weights lose none: the public codes compute the same.
    [InlineData(0.9, 10, 9, 10)]
    public void Of_DensityAndTotal_IsTheRoundedOrTheTruncatedNumber(double density, long total, long rounded, long removedTruncated)
    {
        new KeepCount(density).Of(total).Should().Be(rounded);
        new KeepCount(density, WeightCounting.Truncated).Of(total).Should().Be(removedTruncated);
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_Truncated_RemovesTheTruncatedNumber(string name)
    {
        using var scope = NewDisposeScope();
        foreach (double sparsity in new[] { 0, 0.1, 0.5, 0.9, 0.982, 0.999 })
        foreach (int rounds in new[] { 1, 3 })
        {
            using var model = Net();
            var data = PruningData.From([Samples.Normal(8, [3, 8, 8])]);

            using var result = AllPruners.Get(name).Prune(model, data, sparsity, truncated with { Rounds = rounds });

            long removed = (long)((1 - (1 - sparsity)) * result.Mask.Total);
            (result.Mask.Total - result.Mask.Kept).Should().Be(removed, $"{sparsity} in {rounds} rounds");
            result.Mask.Metadata["counting"].Should().Be("Truncated");
        }
    }

    [Fact]
    public void Prune_RoundAfterRound_CountsEachTruncated()
    {
        using var model = Net();
        var masks = new List<PruningMask>();

        using var result = new MagnitudePruner().Prune(model, sparsity: 0.9, truncated with { Rounds = 7, RoundMasks = masks });

        masks.Select(mask => mask.Total - mask.Kept).Should().Equal(
            SparsitySchedule.Exponential.Plan(7, 1 - 0.9).Select(density => (long)((1 - density) * result.Mask.Total)));
        masks.ForEach(mask => mask.Dispose());
    }

    [Fact]
    public void Select_AnyScope_CountsTruncated()
    {
        using var scope = NewDisposeScope();
        var parameters = new[] { Rankings.Random("a", [7, 3], new Random(1)), Rankings.Random("b", [11, 5], new Random(2)) };
        // 76 − ⌊58.52⌋ = 18, and layer by layer 21 − ⌊16.17⌋ = 5 and 55 − ⌊42.35⌋ = 13.
        var keep = new KeepCount(0.23, WeightCounting.Truncated);
        foreach (var pruning in new[] { PruningScope.Global, PruningScope.Uniform, PruningScope.ErdosRenyi, PruningScope.ErdosRenyiKernel })
        {
            pruning.Select(parameters, keep).Sum(mask => mask.Kept()).Should().Be(18, $"{pruning}");
            pruning.WithMinimumDensity(0.1).Select(parameters, keep).Sum(mask => mask.Kept()).Should().Be(18, $"{pruning}");
        }

        PruningScope.LayerWise.Select(parameters, keep).Select(mask => mask.Kept()).Should().Equal(5, 13);
    }

    [Fact]
    public void Check_FloorsThatFitTheTruncatedNumberOnly_Pass()
    {
        // round(0.24 · 10) = 2 weights have no room for three layers, 10 − ⌊7.6⌋ = 3 have.
        (string, long)[] layers = [("a", 3), ("b", 3), ("c", 4)];
        var scope = PruningScope.Global.WithMinimumDensity(0);

        scope.Check(layers, new KeepCount(0.24, WeightCounting.Truncated));
        scope.Invoking(s => s.Check(layers, new KeepCount(0.24))).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Counting_NoMemberOfTheEnumeration_Throws()
    {
        new PruningOptions().Counting.Should().Be(WeightCounting.Rounded);
        FluentActions.Invoking(() => new PruningOptions { Counting = (WeightCounting)2 }).Should().Throw<ArgumentOutOfRangeException>();
    }

    private static ConvNet Net()
    {
        manual_seed(11);
        return new ConvNet();
    }
}

using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Masking;

/// <summary>Pruning what a binding holds already: the sparsity is of all weights, and the report counts what is really left.</summary>
public class HeldWeightsTests
{
    private const long Total = 3 * 6 * 9 + 6 * 8 * 9 + 8 * 4;
    private static readonly PruningOptions twoRounds = new() { Rounds = 2, Seed = 3, Data = DataBudget.PerClass(2) };

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_MoreOfWhatIsPrunedAlready_LeavesTheCountThatItReports(string method)
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var first = new RandomPruner().Prune(model, sparsity: 0.5, new PruningOptions { Seed = 1 });

        using var second = AllPruners.Get(method).Prune(model, Data(), 0.9, twoRounds);

        second.Mask.Kept.Should().Be(63);
        second.Report.Kept.Should().Be(63);
        Nonzero(model).Should().Be(63);
        using var both = second.Mask.Intersect(first.Mask);
        both.Kept.Should().Be(63, "what was pruned does not come back");
        first.Binding.AssertHeld();
        second.Binding.AssertHeld();
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_LessThanIsPrunedAlready_KeepsAllThatIsLeftAndReportsThat(string method)
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var first = new RandomPruner().Prune(model, sparsity: 0.7, new PruningOptions { Seed = 1, Scope = PruningScope.Uniform });
        long left = first.Mask.Kept;

        using var second = AllPruners.Get(method).Prune(model, Data(), 0.5, twoRounds);

        second.Mask.Kept.Should().Be(left);
        second.Report.Kept.Should().Be(left);
        Nonzero(model).Should().Be(left);
    }

    [Theory]
    [InlineData(SanityAblation.ShuffleWithinLayers)]
    [InlineData(SanityAblation.Reinitialize)]
    [InlineData(SanityAblation.InvertScores)]
    public void Prune_SpoiltOnPurpose_LeavesTheCountThatItReports(SanityAblation ablation)
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var first = new RandomPruner().Prune(model, sparsity: 0.5, new PruningOptions { Seed = 1 });

        using var second = new MagnitudePruner().Prune(model, sparsity: 0.8, new PruningOptions { Seed = 2, Ablation = ablation });

        second.Report.Kept.Should().Be((long)Math.Round(0.2 * Total));
        Nonzero(model).Should().Be(second.Report.Kept);
    }

    [Fact]
    public void Prune_OverAFloor_CountsOnlyWhatIsLeft()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var first = new RandomPruner().Prune(model, sparsity: 0.5, new PruningOptions { Seed = 1 });

        using var second = new MagnitudePruner().Prune(
            model, sparsity: 0.9, new PruningOptions { Scope = PruningScope.ErdosRenyiKernel.WithMinimumDensity(0.05) });

        Nonzero(model).Should().Be(63).And.Be(second.Report.Kept);
    }

    [Fact]
    public void Prune_AfterTheBindingIsGone_BeginsAnew()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var expected = new RandomPruner().Prune(Net(), sparsity: 0.5, new PruningOptions { Seed = 5 });
        new RandomPruner().Prune(model, sparsity: 0.5, new PruningOptions { Seed = 1 }).Dispose();

        using var second = new RandomPruner().Prune(model, sparsity: 0.5, new PruningOptions { Seed = 5 });

        second.Mask.Overlap(expected.Mask).Should().Be(1);
    }

    [Fact]
    public void Prune_PartOfABoundNetwork_KnowsWhatIsHeldInIt()
    {
        using var scope = NewDisposeScope();
        var part = Sequential(("a", Linear(6, 6)), ("b", Linear(6, 6)));
        using var whole = Sequential(("part", part), ("head", Linear(6, 2)));
        using var first = new RandomPruner().Prune(whole, sparsity: 0.5, new PruningOptions { Seed = 1, Scope = PruningScope.LayerWise });

        using var second = new RandomPruner().Prune(part, sparsity: 0.75, new PruningOptions { Seed = 2 });

        second.Report.Kept.Should().Be(18);
        part.parameters().Where(p => p.dim() > 1).Sum(p => p.count_nonzero().ToInt64()).Should().Be(18);
    }

    [Fact]
    public void Score_OfWhatIsPrunedAlready_IsThatUnderTheMask()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var other = Net();
        using var first = new RandomPruner().Prune(model, sparsity: 0.5, new PruningOptions { Seed = 1 });
        var options = new PruningOptions { Seed = 4 };

        using var expected = new NtkSapPruner().Score(other, PruningData.Shape(3, 8, 8), first.Mask, options);
        using var scores = new NtkSapPruner().Score(model, PruningData.Shape(3, 8, 8), options: options);

        foreach (string name in scores.Names) scores[name].allclose(expected[name], 1e-9, 0).Should().BeTrue(name);
    }

    [Fact]
    public void Bind_AMaskToWhatIsPrunedAlready_ReportsWhatBothKeep()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var first = new RandomPruner().Prune(model, sparsity: 0.5, new PruningOptions { Seed = 1 });
        using var other = new RandomPruner().Prune(Net(), sparsity: 0.5, new PruningOptions { Seed = 2 });
        using var mask = new PruningMask(other.Mask.Names.Select(name => KeyValuePair.Create(name, other.Mask[name])));

        using var second = PruningResult.Bind("mine", model, mask);

        using var both = first.Mask.Intersect(mask);
        second.Report.Kept.Should().Be(both.Kept);
        Nonzero(model).Should().Be(both.Kept);
    }

    [Fact]
    public void Prune_AgainAndAgain_LeaksNothing()
    {
        using var model = Net();
        new MagnitudePruner().Prune(model, sparsity: 0.5).Dispose();
        long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        using (var first = new MagnitudePruner().Prune(model, sparsity: 0.5))
        using (var second = new MagnitudePruner().Prune(model, sparsity: 0.9, new PruningOptions { Rounds = 3, Ablation = SanityAblation.ShuffleWithinLayers }))
            second.Mask.Kept.Should().Be(63);

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
    }

    [Fact]
    public void Prune_OtherOwnerOfASharedWeight_KnowsWhatIsHeld()
    {
        using var scope = NewDisposeScope();
        var (first, second) = (Linear(6, 6), Linear(6, 6));
        second.weight = first.weight;
        using var one = new MagnitudePruner().Prune(first, sparsity: 0.5);

        using var other = new RandomPruner().Prune(second, sparsity: 0.75, new PruningOptions { Seed = 2 });

        other.Mask.Kept.Should().Be(9);
        second.weight.count_nonzero().ToInt64().Should().Be(9);
        other.Mask["weight"].logical_and(one.Mask["weight"].logical_not()).any().ToBoolean().Should().BeFalse("what is pruned stays so");
    }

    [Fact]
    public void Prune_LayerThatWasTiedToAnEmbeddingThatIsPruned_KnowsWhatIsHeld()
    {
        using var scope = NewDisposeScope();
        var (tokens, words) = (Embedding(6, 6), Linear(6, 6));
        words.weight = tokens.weight!;
        using var one = new MagnitudePruner().Prune(
            tokens, sparsity: 0.5, new PruningOptions { Parameters = ParameterSelection.Default.Including("weight") });

        using var other = new RandomPruner().Prune(words, sparsity: 0.75, new PruningOptions { Seed = 2 });

        words.weight.count_nonzero().ToInt64().Should().Be(9);
    }

    [Fact]
    public void Prune_LayerThatIsNotSharedAnyMore_IsFree()
    {
        using var scope = NewDisposeScope();
        var (first, second) = (Linear(6, 6), Linear(6, 6));
        second.weight = first.weight;
        using var one = new MagnitudePruner().Prune(first, sparsity: 0.5);
        second.weight = Parameter(ones(6, 6));

        using var other = new RandomPruner().Prune(second, sparsity: 0.25, new PruningOptions { Seed = 2 });

        other.Mask.Kept.Should().Be(27);
    }

    private static ConvNet Net()
    {
        manual_seed(3);
        return new ConvNet();
    }

    private static PruningData Data() => PruningData.From([Samples.Normal(8, [3, 8, 8])]);

    private static long Nonzero(ConvNet model) =>
        new[] { "conv1", "conv2", "fc" }.Sum(name => model.get_parameter(name + ".weight")!.count_nonzero().ToInt64());
}

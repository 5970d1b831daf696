using Px.Pruning.Ranking;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>N:M in whole prunes: every method, rounds, what is refused, and what the report says.</summary>
public sealed class NOfMPruningTests : IDisposable
{
    private static readonly PruningOptions twoOfFour = new() { Scope = PruningScope.NOfM(2, 4), Seed = 3, Data = DataBudget.PerClass(2), BatchSize = 8 };

    private readonly DisposeScope tensorsOfTheTest = NewDisposeScope();

    public void Dispose() => tensorsOfTheTest.Dispose();

    /// <summary>ConvNet has 3 inputs (no whole group of 4), 6 (one, and two inputs that stay) and 8.</summary>
    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_EveryMethod_EndsExactlyInThePattern(string name)
    {
        foreach (int rounds in new[] { 1, 4 })
        {
            using var model = Model();
            using var result = AllPruners.Get(name).Prune(model, Data(), 0.5, twoOfFour with { Rounds = rounds });

            Counts(result.Mask).Should().Equal(0, 8 * 9 * 2 + 4 * 4);
            (result.Mask.KeptIn("conv1.weight"), result.Mask.KeptIn("conv2.weight"), result.Mask.KeptIn("fc.weight")).Should().Be((162, 8 * 9 * 4, 16));
            result.Binding.IsHeld.Should().BeTrue();
            result.Mask.Metadata["scope"].Should().Be("2:4");
        }
    }

    /// <summary>Methods that score alike whatever is wanted of them, in one round: their scores, ranked group by group, are the mask.</summary>
    [Theory]
    [InlineData("PX")]
    [InlineData("SNIP")]
    [InlineData("GraSP")]
    [InlineData("ProsPR")]
    [InlineData("FORCE")]
    [InlineData("PX released")]
    [InlineData("SynFlow")]
    [InlineData("NTK-SAP")]
    [InlineData("Magnitude")]
    [InlineData("Random")]
    [InlineData("IMP")]
    public void Prune_OneRound_KeepsTheBestScoresOfEachGroup(string name)
    {
        using var model = Model();
        var options = twoOfFour with { Rounds = 1 };
        using var scores = AllPruners.Get(name).Score(model, Data(), options: options);
        var sizes = scores.Names.ToDictionary(key => key, key => model.get_parameter(key)!.detach().abs().to(float64).clone());

        using var result = AllPruners.Get(name).Prune(model, Data(), 0.5, options);

        foreach (string key in scores.Names)
        {
            long inputs = scores[key].size(1), taps = scores[key].numel() / scores[key].size(0) / inputs;
            double[] values = scores[key].data<double>().ToArray(), size = sizes[key].contiguous().data<double>().ToArray();
            byte[] kept = [.. Enumerable.Repeat((byte)1, values.Length)];
            foreach (var group in Enumerable.Range(0, values.Length).GroupBy(i => (i / (inputs * taps), i % taps, i / taps % inputs / 4)).Where(g => g.Count() == 4))
                foreach (int i in group.OrderByDescending(i => values[i]).ThenByDescending(i => values[i] == 0 ? size[i] : 0).Skip(2)) kept[i] = 0;
            result.Mask[key].bytes.ToArray().Should().Equal(kept, $"{name} {key}");
        }
    }

    [Fact]
    public void Prune_InRounds_TightensThePatternStepByStep()
    {
        using var model = Model();
        var rounds = new List<PruningMask>();
        using var result = new SynFlowPruner().Prune(model, PruningData.Shape(3, 8, 8), 0.75,
            new() { Scope = PruningScope.NOfM(2, 8), Rounds = 7, Schedule = SparsitySchedule.Linear, RoundMasks = rounds });

        // 8·(1 − 0.75·t/7), rounded; fc has 4 rows of 8 inputs, the others no group of 8.
        rounds.Select(mask => mask.KeptIn("fc.weight") / 4).Should().Equal(7, 6, 5, 5, 4, 3, 2);
        foreach (var (earlier, later) in rounds.Zip(rounds.Skip(1)))
        {
            earlier["fc.weight"].reshape(4, 8).sum(1).data<long>().ToArray().Should().AllBeEquivalentTo(earlier.KeptIn("fc.weight") / 4);
            using var both = earlier.Intersect(later);
            both.Kept.Should().Be(later.Kept);
        }

        rounds[^1].Jaccard(result.Mask).Should().Be(1);
        rounds.ForEach(mask => mask.Dispose());
    }

    /// <summary>[in, out / groups, …]: the inputs are the first dimension, and those of one group of channels are together.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Prune_TransposedConvolution_GroupsItsInputs(int groups)
    {
        using var model = Sequential(ConvTranspose2d(8, 4, 3, groups: groups));
        var theta = model.get_parameter("0.weight")!.detach().abs();

        using var result = new MagnitudePruner().Prune(model, sparsity: 0.5, twoOfFour);

        var ranked = theta.reshape(2, 4, -1).argsort(1, descending: true).argsort(1).lt(2); // two groups of four inputs, either way
        result.Mask["0.weight"].reshape(2, 4, -1).eq(ranked).all().ToBoolean().Should().BeTrue();
        result.Report.Layers[0].Pattern.Should().Be("2:4");
        using var scores = new MagnitudePruner().Score(model);
        using var selected = PruningScope.NOfM(2, 4).Select(scores, 0.5);
        selected.Jaccard(result.Mask).Should().Be(1);
    }

    [Theory]
    [InlineData(0.9, "0.5, not 0.9")]
    [InlineData(0, "0.5, not 0")]
    [InlineData(0.498, "0.5, not 0.498")]
    public void Prune_AnotherSparsity_IsRefusedWithTheRightOne(double sparsity, string message)
    {
        using var model = Model();
        var before = ModelState.Of(model);

        FluentActions.Invoking(() => new SnipPruner().Prune(model, Data(), sparsity, twoOfFour)).Should().Throw<ArgumentException>().WithMessage($"*{message}*");
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Prune_SparsityOfThreeDecimals_IsEnough()
    {
        using var model = Model();
        using var result = new MagnitudePruner().Prune(model, sparsity: 0.667, twoOfFour with { Scope = PruningScope.NOfM(1, 3), Counting = WeightCounting.Truncated });

        result.Mask.KeptIn("conv1.weight").Should().Be(162 / 3);
    }

    [Fact]
    public void Prune_UnevenLayersExcluded_LeavesThemWhole()
    {
        using var model = Model();
        using var result = new MagnitudePruner().Prune(model, sparsity: 0.5, twoOfFour with { Scope = PruningScope.NOfM(2, 4, excludesUneven: true) });

        (result.Mask.KeptIn("conv1.weight"), result.Mask.KeptIn("conv2.weight"), result.Mask.KeptIn("fc.weight")).Should().Be((162, 432, 16));
        result.Mask.Metadata["scope"].Should().Be("2:4, uneven layers excluded");
    }

    [Fact]
    public void Prune_NoWholeGroup_IsRefused()
    {
        using var depthwise = Sequential(Conv2d(3, 6, 3), Conv2d(6, 6, 3, groups: 6));
        using var uneven = Model();

        FluentActions.Invoking(() => new MagnitudePruner().Prune(depthwise, sparsity: 0.5, twoOfFour)).Should().Throw<ArgumentException>()
            .WithMessage("*'2:4' removes nothing: no selected layer has 4 inputs*The most are 3.*");
        FluentActions.Invoking(() => new MagnitudePruner().Prune(uneven, sparsity: 0.8, twoOfFour with { Scope = PruningScope.NOfM(1, 5, true) }))
            .Should().Throw<ArgumentException>().WithMessage("*a multiple of 5 inputs*");
    }

    /// <summary>A recurrent layer, attention, an embedding, a bare parameter: nothing says which dimension their inputs are.</summary>
    [Theory]
    [InlineData("LSTM")]
    [InlineData("attention")]
    [InlineData("embedding")]
    [InlineData("raw parameter")]
    public void Prune_ParameterWithoutALayer_IsRefusedByName(string net)
    {
        using var model = IncludedNets.Create(net);
        var before = ModelState.Of(model);

        FluentActions.Invoking(() => new MagnitudePruner().Prune(model, sparsity: 0.5, IncludedNets.Options(net) with { Scope = PruningScope.NOfM(2, 4) }))
            .Should().Throw<ArgumentException>().WithMessage("*inputs are not known*");
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Prune_Shuffled_IsRefusedAndInvertedKeepsThePattern()
    {
        using var model = Model();
        FluentActions.Invoking(() => new MagnitudePruner().Prune(model, sparsity: 0.5, twoOfFour with { Ablation = SanityAblation.ShuffleWithinLayers }))
            .Should().Throw<ArgumentException>().WithMessage("*2:4*RandomPruner*");

        using var result = new MagnitudePruner().Prune(model, sparsity: 0.5, twoOfFour with { Ablation = SanityAblation.InvertScores });

        Counts(result.Mask).Should().Equal(0, 8 * 9 * 2 + 4 * 4);
    }

    /// <summary>What an earlier pruning holds stays pruned: groups have at most two left, all of those that were there if fewer.</summary>
    [Fact]
    public void Prune_AfterAnotherPruning_KeepsAtMostThePattern()
    {
        using var model = Model();
        using var first = new RandomPruner().Prune(model, sparsity: 0.6, new PruningOptions { Seed = 1 });

        using var second = new MagnitudePruner().Prune(model, sparsity: 0.5, twoOfFour);

        using var both = first.Mask.Intersect(second.Mask);
        both.Kept.Should().Be(second.Mask.Kept);
        var (before, after) = (PerGroup(first.Mask["fc.weight"]), PerGroup(second.Mask["fc.weight"]));
        before.Should().Contain(count => count > 2).And.Contain(count => count < 2);
        after.Should().Equal(before.Select(count => Math.Min(count, 2)));
    }

    /// <summary>A scope of the user's own that asks N:M for some layers, through all rounds.</summary>
    [Fact]
    public void Custom_ThatAsksNOfM_KnowsTheLayersInputs()
    {
        using var expected = new MagnitudePruner().Prune(Transposed(), sparsity: 0.5, twoOfFour with { Rounds = 3 });
        var mine = PruningScope.Custom((scores, density, mask) => PruningScope.NOfM(2, 4).Select(scores, density, mask));

        using var result = new MagnitudePruner().Prune(Transposed(), sparsity: 0.5, twoOfFour with { Scope = mine, Rounds = 3 });

        result.Mask.Jaccard(expected.Mask).Should().Be(1);
        result.Report.Layers.Select(layer => layer.Pattern).Should().Equal("2:4", "2:4");

        static Module<Tensor, Tensor> Transposed()
        {
            manual_seed(8);
            return Sequential(ConvTranspose2d(8, 6, 3), Conv2d(6, 9, 3));
        }
    }

    /// <summary>Read from the mask itself: also from a mask that was loaded, and from no other.</summary>
    [Fact]
    public void Report_OfThePattern_SaysSoLayerByLayer()
    {
        using var model = Model();
        using var result = new MagnitudePruner().Prune(model, PruningData.Shape(3, 8, 8), 0.5, twoOfFour);
        using var stream = new MemoryStream();
        result.Mask.Save(stream);
        stream.Position = 0;
        using var other = Model();
        using var bound = PruningResult.Bind("loaded", other, PruningMask.Load(stream), PruningData.Shape(3, 8, 8));
        using var plain = new MagnitudePruner().Prune(Model(), sparsity: 0.5);

        // fc has 8 groups of 4 only.
        result.Report.Layers.Select(layer => layer.Pattern).Should().Equal(null, "2:4", null);
        bound.Report.Layers.Select(layer => layer.Pattern).Should().Equal(null, "2:4", null);
        result.Report.ToString().Should().Contain("density  pattern  units alive").And.MatchRegex(@"conv2\.weight .* 66\.67 % +2:4 +8 / 8");
        plain.Report.ToString().Should().NotContain("pattern");
    }

    private static Module<Tensor, Tensor> Model()
    {
        manual_seed(4);
        var model = new ConvNet();
        Samples.Disturb(model);
        return model;
    }

    private static PruningData Data()
    {
        var (input, target) = Samples.Normal(8, [3, 8, 8]);
        return PruningData.From([(input, target)]);
    }

    /// <summary>How many groups of four inputs keep another number than two, and how many weights the mask removes.</summary>
    private static long[] Counts(PruningMask mask) =>
    [
        mask.Names.Where(name => mask[name].size(1) >= 4).Sum(name => PerGroup(mask[name]).Count(kept => kept != 2)),
        mask.Total - mask.Kept,
    ];

    private static long[] PerGroup(Tensor mask)
    {
        var whole = mask.narrow(1, 0, mask.size(1) / 4 * 4);
        return whole.reshape(whole.size(0), -1, 4, whole.numel() / whole.size(0) / whole.size(1)).sum(2).flatten().data<long>().ToArray();
    }
}

using Px.Pruning.Tests.Masking;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests;

public sealed class SanityAblationTests : IDisposable
{
    private readonly DisposeScope tensorsOfTheTest = NewDisposeScope();

    public void Dispose() => tensorsOfTheTest.Dispose();

    [Fact]
    public void Prune_ShuffleWithinLayers_MovesTheMaskAndKeepsEveryCount()
    {
        using var sound = Prune(SanityAblation.None, out _);
        using var shuffled = Prune(SanityAblation.ShuffleWithinLayers, out var model);
        var original = Net().state_dict();

        shuffled.Mask.Overlap(sound.Mask).Should().BeLessThan(0.9);
        foreach (var name in sound.Mask.Names)
        {
            shuffled.Mask.KeptIn(name).Should().Be(sound.Mask.KeptIn(name));
            // The mask that was bound is the shuffled one, and the weights at its places are the caller's.
            var expected = original[name].masked_fill(shuffled.Mask[name].logical_not(), 0);
            model.state_dict()[name].bytes.ToArray().Should().Equal(expected.bytes.ToArray());
        }

        using var again = sound.Mask.ShuffleWithinLayers(4);
        again.Jaccard(shuffled.Mask).Should().Be(1);
        shuffled.Report.Layers.Select(layer => layer.Kept).Should().Equal(sound.Report.Layers.Select(layer => layer.Kept));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Prune_InvertScores_KeepsExactlyTheLowest(int rounds)
    {
        var model = Net();
        var weights = new[] { "conv1.weight", "conv2.weight", "fc.weight" }
            .SelectMany(name => model.state_dict()[name].abs().flatten().data<float>().ToArray()).ToArray();
        weights.Should().OnlyHaveUniqueItems();
        int kept = (int)Math.Round(0.3 * weights.Length);
        var threshold = weights.Order().ElementAt(kept - 1);

        using var result = new MagnitudePruner().Prune(model, sparsity: 0.7, Options(SanityAblation.InvertScores) with { Rounds = rounds });

        result.Mask.Kept.Should().Be(kept);
        result.Mask.Names.SelectMany(name => result.Mask[name].bytes.ToArray()).Should().Equal(weights.Select(w => w <= threshold ? (byte)1 : (byte)0));
    }

    [Fact]
    public void Prune_InvertScoresOfADataDrivenMethod_StillOnlyShrinks()
    {
        // Scores of pruned weights are zero, the lowest there is when inverted: none may come back.
        using var result = new SnipPruner().Prune(Net(), [Samples.Normal(8, [3, 8, 8])], 0.9, Options(SanityAblation.InvertScores) with { Rounds = 4 });

        result.Mask.Kept.Should().Be((long)Math.Round(0.1 * result.Mask.Total));
    }

    [Fact]
    public void Prune_Reinitialize_DrawsKaimingNormalWhereTheMaskKeeps()
    {
        // 200 × 400, a density of 0.5: about 40,000 numbers, whose variance has a relative deviation of √(2 / 40,000) = 0.7 %.
        var model = Linear(400, 200);
        using var result = new RandomPruner().Prune(model, sparsity: 0.5, Options(SanityAblation.Reinitialize));

        var mask = result.Mask["weight"];
        model.weight.masked_select(mask.logical_not()).ne(0).any().ToBoolean().Should().BeFalse();
        var kept = model.weight.detach().masked_select(mask).to(ScalarType.Float64);
        kept.numel().Should().Be(40_000);
        kept.ne(0).all().ToBoolean().Should().BeTrue();
        kept.mean().ToDouble().Should().BeApproximately(0, 5 * Math.Sqrt(2.0 / 400 / 40_000));
        (kept.square().mean().ToDouble() / (2.0 / 400)).Should().BeApproximately(1, 0.035);
        // Normal, not uniform or cut off: the fourth step is three variances squared, with a deviation of √96 / 200 = 0.05.
        (kept.pow(4).mean().ToDouble() / Math.Pow(2.0 / 400, 2)).Should().BeApproximately(3, 0.25);
        result.Binding.IsHeld.Should().BeTrue();
    }

    [Fact]
    public void Prune_Reinitialize_CountsFanInOfConvolutions()
    {
        var model = Sequential(("conv", Conv2d(40, 100, 3, bias: false)));
        using var result = new RandomPruner().Prune(model, sparsity: 0, Options(SanityAblation.Reinitialize));

        (model.parameters().Single().detach().square().mean().ToDouble() / (2.0 / 360)).Should().BeApproximately(1, 0.04);
    }

    [Fact]
    public void Prune_Reinitialize_LeavesTheMaskAndEverythingButPrunedParameters()
    {
        using var sound = Prune(SanityAblation.None, out _);
        var options = Options(SanityAblation.Reinitialize);
        var model = Net();
        using var result = new MagnitudePruner().Prune(model, sparsity: 0.7, options with { Parameters = ParameterSelection.Default.Excluding("fc.weight") });
        var original = Net().state_dict();

        foreach (var (name, tensor) in model.state_dict())
        {
            bool same = tensor.detach().bytes.ToArray().SequenceEqual(original[name].bytes.ToArray());
            same.Should().Be(!name.StartsWith("conv") || !name.EndsWith("weight"), name);
        }

        using var whole = Prune(SanityAblation.Reinitialize, out _);
        whole.Mask.Jaccard(sound.Mask).Should().Be(1);
    }

    [Fact]
    public void Prune_ReinitializeAWeightThatCannotBeWritten_LeavesTheModelAsItWas()
    {
        // The second weight is one number, seen 16 times: nothing of it is pruned, and nothing can be written to it.
        var (small, expanded) = (Linear(4, 4, hasBias: false), Linear(4, 4, hasBias: false));
        expanded.weight = new TorchSharp.Modules.Parameter(full([1, 1], 9.0f).expand(4, 4));
        using var model = Sequential(("small", small), ("expanded", expanded));
        var before = small.weight.detach().clone();

        var act = () => new MagnitudePruner().Prune(model, sparsity: 0.25, Options(SanityAblation.Reinitialize));

        act.Should().Throw<System.Runtime.InteropServices.ExternalException>();
        small.weight.detach().bytes.ToArray().Should().Equal(before.bytes.ToArray());
        model.call(ones(1, 4));
        small.weight.detach().bytes.ToArray().Should().Equal(before.bytes.ToArray(), "no hook of a mask is left");
    }

    [Fact]
    public void Prune_ReinitializeWithASeed_IsRepeatable()
    {
        byte[] Weights(long seed)
        {
            var model = Net();
            using var result = new MagnitudePruner().Prune(model, sparsity: 0.5, Options(SanityAblation.Reinitialize) with { Seed = seed });
            return model.state_dict()["conv2.weight"].bytes.ToArray();
        }

        Weights(1).Should().Equal(Weights(1));
        Weights(1).Should().NotEqual(Weights(2));
    }

    [Fact]
    public void Prune_ReinitializeRandomPruning_DrawsIndependentlyOfTheScores()
    {
        // Of the same seed, and in float64, where both take as much of a stream: from the same numbers the kept half would be too large.
        foreach (long seed in new long[] { 0, 1, 2, -1, long.MaxValue })
        {
            var model = Linear(400, 200, hasBias: false, dtype: ScalarType.Float64);
            using var result = new RandomPruner().Prune(model, sparsity: 0.5, new PruningOptions { Seed = seed, Ablation = SanityAblation.Reinitialize });
            var kept = model.weight.detach().masked_select(result.Mask["weight"]);

            kept.mean().ToDouble().Should().BeApproximately(0, 5 * Math.Sqrt(2.0 / 400 / 40_000));
            (kept.square().mean().ToDouble() / (2.0 / 400)).Should().BeApproximately(1, 0.035);
        }
    }

    [Theory]
    [InlineData(SanityAblation.None)]
    [InlineData(SanityAblation.ShuffleWithinLayers)]
    [InlineData(SanityAblation.Reinitialize)]
    [InlineData(SanityAblation.InvertScores)]
    public void Prune_AnyAblation_IsNamedInTheMetadataAndLeaksNothing(SanityAblation ablation)
    {
        var model = Net();
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8])]);
        using var result = new SnipPruner().Prune(model, data, 0.5, Options(ablation));

        result.Mask.Metadata["ablation"].Should().Be(ablation.ToString());
        result.Mask.Metadata.ContainsKey("shuffled").Should().Be(ablation == SanityAblation.ShuffleWithinLayers);
        LiveTensors.LeftBy(() => new SnipPruner().Prune(model, data, 0.5, Options(ablation)).Dispose()).Should().Be(0);
    }

    [Fact]
    public void Prune_ReinitializeThatFails_LeavesEveryBit()
    {
        var model = Net();
        var before = ModelState.Of(model);
        using var source = new CancellationTokenSource();
        var options = Options(SanityAblation.Reinitialize) with { Rounds = 2, Progress = new Cancelling(source) };

        FluentActions.Invoking(() => new MagnitudePruner().Prune(model, sparsity: 0.5, options, source.Token)).Should().Throw<OperationCanceledException>();
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Ablation_UnknownValue_Throws() =>
        FluentActions.Invoking(() => new PruningOptions { Ablation = (SanityAblation)9 }).Should().Throw<ArgumentOutOfRangeException>();

    private static PruningResult Prune(SanityAblation ablation, out ConvNet model) =>
        new MagnitudePruner().Prune(model = Net(), sparsity: 0.7, Options(ablation));

    private static PruningOptions Options(SanityAblation ablation) => new() { Ablation = ablation, Seed = 4 };

    private static ConvNet Net()
    {
        manual_seed(21);
        return new ConvNet();
    }

    private sealed class Cancelling(CancellationTokenSource source) : IProgress<PruningProgress>
    {
        public void Report(PruningProgress value) => source.Cancel();
    }
}

using Px.Pruning.Methods.WideTopo;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods.WideTopo;

/// <summary>Density-aware decay and mask restoration, by hand and by what they promise.</summary>
public sealed class MaskTopologyTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    /// <summary>Rows have 2, 0 and 2 weights, columns 1, 2 and 1.</summary>
    private static Tensor Some() => tensor(new[,] { { true, true, false }, { false, false, false }, { false, true, true } });

    [Fact]
    public void Decay_OfAMatrix_IsThePowerOfTheProductOfItsCounts()
    {
        using var decay = MaskTopology.Decay(Some(), 0.5);

        double[] expected = [1 / Math.Sqrt(2), 1 / Math.Sqrt(4), 1 / Math.Sqrt(2), 1, 1, 1, 1 / Math.Sqrt(2), 1 / Math.Sqrt(4), 1 / Math.Sqrt(2)];
        decay.data<double>().ToArray().Should().Equal(expected, (a, b) => Math.Abs(a - b) < 1e-15);
    }

    [Fact]
    public void Decay_OfKernels_CountsAllTheirWeightsAndOfABiasChangesNothing()
    {
        var kernels = zeros([2, 1, 2, 2], ScalarType.Bool);
        kernels[0].fill_(true); // 4 weights in row 0, 4 in the column

        using var decay = MaskTopology.Decay(kernels, 1);

        decay.shape.Should().Equal(2, 1, 1, 1);
        decay.data<double>().ToArray().Should().Equal(1.0 / 16, 1);
        MaskTopology.Decay(ones(5, ScalarType.Bool), 3).ToDouble().Should().Be(1);
    }

    [Fact]
    public void Restoration_OfAMatrix_IsTheProductOfWhatIsMissing()
    {
        using var wanted = MaskTopology.Restoration(Some(), shape => full(shape, 3.0, float64));

        const double third = 1.0 / 3, noise = 3e-5;
        double[] expected =
        [
            2, 2, (third * 2 * third) + noise,
            (2 * third) + noise, third + noise, (2 * third) + noise,
            (third * 2 * third) + noise, 2, 2,
        ];
        wanted.data<double>().ToArray().Should().Equal(expected, (a, b) => Math.Abs(a - b) < 1e-12);
        MaskTopology.Restoration(tensor(new[] { true, false }), _ => throw new InvalidOperationException()).data<double>().ToArray().Should().Equal(2, 1);
    }

    [Fact]
    public void Restoration_OfKernels_DrawsOnceAKernel()
    {
        long[]? drawn = null;
        using var wanted = MaskTopology.Restoration(zeros([3, 2, 2, 2], ScalarType.Bool), shape =>
        {
            drawn = shape;
            return arange(6, float64).reshape(shape);
        });

        drawn.Should().Equal(3, 2, 1, 1);
        wanted[2, 1].flatten().data<double>().ToArray().Should().AllSatisfy(value => value.Should().BeApproximately(1 + 5e-5, 1e-12));
    }

    [Fact]
    public void Prune_WithRestorations_GrowsBackBetweenSeriesAndKeepsExactCounts()
    {
        const double sparsity = 0.9, density = 1 - sparsity;
        var masks = Rounds(new WideTopoPruner { Restorations = 2 }, sparsity, out var result);
        using var _ = result;

        masks.Should().HaveCount(9);
        long total = result.Mask.Total;
        long Count(double d) => (long)Math.Round(d * total, MidpointRounding.AwayFromZero);
        for (int series = 0; series < 3; series++)
        {
            double start = Math.Pow(density, 1 - Math.Pow(2, -series));
            for (int t = 1; t <= 3; t++)
                masks[(3 * series) + t - 1].Kept.Should().Be(Count(start * Math.Pow(density / start, t / 3.0)), $"round {t} of series {series}");
        }

        for (int i = 1; i < 9; i++)
        {
            using var both = masks[i].Intersect(masks[i - 1]);
            if (i % 3 != 0) both.Kept.Should().Be(masks[i].Kept, "pruned weights stay pruned within a series");
            else both.Kept.Should().BeLessThan(masks[i].Kept, "weights came back");
        }

        result.Mask.Metadata["rounds"].Should().Be("3");
        result.Mask.Metadata["restorations"].Should().Be("2");
        foreach (var mask in masks) mask.Dispose();
    }

    [Fact]
    public void Prune_WithoutRestorations_MasksOnlyShrink()
    {
        var masks = Rounds(new WideTopoPruner { Restorations = 0 }, 0.9, out var result);
        using var _ = result;

        masks.Should().HaveCount(3);
        for (int i = 1; i < 3; i++)
        {
            using var both = masks[i].Intersect(masks[i - 1]);
            both.Kept.Should().Be(masks[i].Kept);
        }

        foreach (var mask in masks) mask.Dispose();
    }

    [Fact]
    public void Prune_WeightsThatABindingHolds_DoNotComeBack()
    {
        using var model = new ConvNet();
        using var earlier = new MagnitudePruner().Prune(model, sparsity: 0.5);

        using var result = new WideTopoPruner { Restorations = 2 }.Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.9, Options());

        using var both = result.Mask.Intersect(earlier.Mask);
        both.Kept.Should().Be(result.Mask.Kept);
        result.Mask.Kept.Should().Be((long)Math.Round(0.1 * result.Mask.Total, MidpointRounding.AwayFromZero));
    }

    [Fact]
    public void Prune_InEveryScope_KeepsTheScopesCount()
    {
        foreach (var chosen in new[] { PruningScope.ErdosRenyiKernel, PruningScope.Uniform, PruningScope.Global.WithMinimumDensity(0.05) })
        {
            using var model = new ConvNet();
            using var result = new WideTopoPruner { Restorations = 1 }.Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.8, Options() with { Scope = chosen });
            result.Mask.Kept.Should().Be((long)Math.Round(0.2 * result.Mask.Total, MidpointRounding.AwayFromZero), $"{chosen}");
        }
    }

    [Fact]
    public void Score_UnderAMask_IsTheScoreWithoutDecayTimesIt()
    {
        using var model = new ConvNet().to(float64);
        using var masked = new MagnitudePruner().Prune(model, sparsity: 0.75);
        masked.Binding.Dispose();
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8], dtype: float64)]);

        using var plain = new WideTopoPruner { DensityDecay = 0 }.Score(model, data, masked.Mask, Options());
        using var scores = new WideTopoPruner { DensityDecay = 0.3 }.Score(model, data, masked.Mask, Options());

        double exponent = 0.3 * -Math.Log10(masked.Mask.Density);
        foreach (string name in scores.Names)
        {
            using var decay = MaskTopology.Decay(masked.Mask[name], exponent);
            scores[name].allclose(plain[name] * decay, 1e-12, 0).Should().BeTrue(name);
            decay.lt(1).any().ToBoolean().Should().BeTrue("the law says something");
        }
    }

    private static PruningOptions Options() => new() { Rounds = 3, Seed = 2 };

    private static List<PruningMask> Rounds(WideTopoPruner pruner, double sparsity, out PruningResult result)
    {
        manual_seed(1);
        using var model = new ConvNet();
        var masks = new List<PruningMask>();
        result = pruner.Prune(model, [Samples.Normal(8, [3, 8, 8])], sparsity, Options() with { RoundMasks = masks });
        return masks;
    }
}

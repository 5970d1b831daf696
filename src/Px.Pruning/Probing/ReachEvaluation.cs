using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// The network of paths, with 1 after each layer wherever a path of kept weights arrives and 0 elsewhere, so that nothing can overflow, in whatever type.
/// Layers compute in float64, in which libtorch adds up plainly: faster ways may make of zeros what is almost zero.
/// </summary>
internal sealed class ReachEvaluation : PathEvaluation
{
    // libtorch unfolds the input of a float64 convolution, a number for each tap and position of a channel. Parts keep that small; below so many channels
    // a part is not worth its call.
    private const long UnfoldedNumbers = 1 << 14;
    private const long FewestChannels = 2;

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (site.Weighted is not { } layer) return base.Compute(site, input);
        using var scope = NewDisposeScope();
        var weight = Weight(layer.Slot, ScalarType.Bool);
        return Sums(layer, input, weight).gt(0).to(input.dtype).MoveToOuterDisposeScope();
    }

    private static Tensor Sums(WeightedLayer layer, Tensor input, Tensor weight)
    {
        long numbers = input.numel() * weight.numel();
        if (layer.Transposed || layer.Groups > 1 || layer.SampleDimensions == 1 || numbers == 0) return Apply(input, weight);
        long[] shape = weight.shape;
        long dimension = input.dim() - layer.SampleDimensions, channels = shape[1];
        long step = Math.Max(FewestChannels, UnfoldedNumbers * shape[0] * channels * channels / numbers);
        var sums = Part(0);
        for (long first = step; first < channels; first += step)
        {
            using var part = Part(first);
            sums.add_(part);
        }

        return sums;

        Tensor Part(long first)
        {
            long count = Math.Min(step, channels - first);
            using var inputs = input.narrow(dimension, first, count);
            using var weights = weight.narrow(1, first, count);
            return Apply(inputs, weights);
        }

        Tensor Apply(Tensor inputs, Tensor weights)
        {
            using var wideInputs = inputs.to(ScalarType.Float64);
            using var wideWeights = weights.to(ScalarType.Float64);
            return layer.Apply(wideInputs, wideWeights, null);
        }
    }
}

using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>How many of a network's output units a path of kept weights still reaches from the input.</summary>
/// <param name="Reached">Those that are reached.</param>
/// <param name="Outputs">All: the second dimension of the output.</param>
internal readonly record struct Connectivity(long Reached, long Outputs)
{
    /// <summary>
    /// Follows the paths under <see cref="ScoringContext.Alive"/>, with every activation on; three passes of one sample.
    /// Null where there are no paths to follow: no input shape is known, hooks do not see every layer, or the forward is not one of paths.
    /// </summary>
    internal static Connectivity? Measure(ScoringContext context)
    {
        var network = context.Network;
        if (network.SampleShape is not { } shape || network.Silent.Count > 0) return null;
        try
        {
            return Measure(network, context.Alive, shape);
        }
        catch (Exception e) when (network.IsAboutTheModel(e))
        {
            // Beside networks without paths: the caller's forward meets values that it was not written for, and may throw whatever it likes.
            // What is pruned is not lost for that.
            context.Logger?.LogDebug(e, "Whether the pruned network is connected is not known.");
            return null;
        }
    }

    private static Connectivity Measure(Network network, IReadOnlyList<Tensor>? alive, long[] shape)
    {
        using var temporaries = NewDisposeScope();
        using var noGrad = no_grad();
        using var serial = network.OnOneThread(1);
        PathLinearity.Check(network, shape);

        var masks = new Tensor?[network.Slots.Count];
        for (int i = 0; i < alive?.Count; i++) masks[network.Prunable[i].Index] = alive[i];
        Tensor Kept(int slot, ScalarType dtype) => masks[slot] is { } mask
            ? mask.to(dtype).to(network.Device)
            : ones(network.Slots[slot].Layer.Weight.shape, dtype, network.Device);
        var input = ones([1, .. shape], network.ComputeType, network.Device);
        var output = network.Run(new ReachEvaluation { Weight = Kept, OwnsWeights = true }, input);
        var units = output.dim() < 2 ? output.reshape(-1, 1) : output.transpose(0, 1).flatten(1); // [K, …]
        return new(units.gt(0).any(1).sum().ToInt64(), units.size(0));
    }
}

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

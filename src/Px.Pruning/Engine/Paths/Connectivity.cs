using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Paths;

// How many of a network's output units a path of kept weights still reaches from the input. Outputs is the second dimension of the output.
internal readonly record struct Connectivity(long Reached, long Outputs)
{
    // Follows the paths under a mask with every activation on, in three passes of one sample. Null if no input shape is known, hooks do not
    // see every layer, other parameters than layers' weights are pruned, or the forward pass does not add paths.
    internal static Connectivity? Measure(Network network, SlotTensors? alive, ILogger? logger)
    {
        if (!network.IsProbed || !network.CanSubstitute) return null;
        try
        {
            return Measure(network, alive);
        }
        catch (Exception e) when (network.IsAboutTheModel(e))
        {
            // The pruning result is valid without this number.
            logger?.LogDebug(e, "Whether the pruned network is connected is not known.");
            return null;
        }
    }

    private static Connectivity Measure(Network network, SlotTensors? alive)
    {
        using var temporaries = NewDisposeScope();
        using var noGrad = no_grad();
        using var serial = network.OnOneThread(1);
        PathLinearity.Check(network);
        Tensor Kept(WeightSlot slot, ScalarType dtype) => alive?.Find(slot) is { } mask
            ? mask.to(dtype).to(network.Device)
            : ones(slot.Weight.shape, dtype, network.Device);
        var input = network.Sample!.Full(1, network.ComputeType, network.Device);
        var output = network.Run(new ReachEvaluation { Weight = Kept }, input);
        var units = output.dim() < 2 ? output.reshape(-1, 1) : output.transpose(0, 1).flatten(1); // [K, …]
        return new(units.gt(0).any(1).sum().ToInt64(), units.size(0));
    }

    // The network of paths, with 1 after each layer where a path of kept weights arrives and 0 elsewhere, so that nothing overflows.
    private sealed class ReachEvaluation : PathEvaluation
    {
        internal override Tensor Compute(HookedModule hooked, Tensor input)
        {
            if (hooked.Weighted is not { } layer) return base.Compute(hooked, input);
            using var scope = NewDisposeScope();
            var sums = layer.Apply(input.gt(0).to(input.dtype), Weight(layer.Slot, input.dtype), null);
            // Sums of zeros and ones are whole numbers, except for rounding where a kernel computes them by a transform.
            return sums.gt(0.5).to(input.dtype).MoveToOuterDisposeScope();
        }
    }
}

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
        catch (Exception e) when (e is not OutOfMemoryException)
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

using System.Runtime.CompilerServices;
using Px.Pruning.Probing;
using static TorchSharp.torch;

namespace Px.Pruning.Walks;

/// <summary>The magnitudes that walks are drawn by, read where the parameters lie. What must be converted is a tensor in the current dispose scope.</summary>
internal sealed class WalkWeights
{
    private readonly Tensor[] thetas;
    private readonly Tensor?[] alive;

    /// <exception cref="NonFiniteScoreException">A weight is NaN or infinite; the message names the parameter.</exception>
    internal WalkWeights(ScoringContext context)
    {
        var network = context.Network;
        thetas = [.. network.Slots.Select(slot => slot.Detached().to(network.ComputeType).cpu().contiguous())];
        alive = new Tensor?[thetas.Length];
        for (int i = 0; i < network.Prunable.Count; i++) alive[network.Prunable[i].Index] = context.Alive?[i].contiguous();
        foreach (var slot in network.Slots)
        {
            int kernels = (int)(slot.Layer.Weight.shape[0] * slot.Layer.Weight.shape[1]);
            RefuseNonFinite(Of(slot.Index), kernels, (int)thetas[slot.Index].numel() / Math.Max(1, kernels), slot.Name);
        }
    }

    /// <summary>|θ| of every weight of a parameter. Valid as long as this.</summary>
    internal Magnitudes Of(int slot) => new(thetas[slot], alive[slot]);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RefuseNonFinite(Magnitudes magnitudes, int kernels, int size, string name)
    {
        for (int kernel = 0; kernel < kernels; kernel++)
        {
            if (double.IsFinite(magnitudes.Sum(kernel * size, size))) continue;
            throw new NonFiniteScoreException($"A weight of '{name}' is NaN or infinite, so that no walk can be drawn; the model is unchanged.")
            { Parameter = name };
        }
    }
}

using Px.Pruning.Probing;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Walks;

/// <summary>The magnitudes that walks are drawn by: |θ| of each weight that is alive, and their sum for each kernel.</summary>
internal sealed class WalkWeights
{
    private readonly double[][] magnitudes, norms;
    private readonly bool[]?[] alive;

    /// <exception cref="NonFiniteScoreException">A weight is NaN or infinite; the message names the parameter.</exception>
    internal WalkWeights(ScoringContext context)
    {
        var network = context.Network;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var masked = new MaskedWeights(network, context.Alive);
        magnitudes = new double[network.Slots.Count][];
        norms = new double[network.Slots.Count][];
        alive = new bool[network.Slots.Count][];
        for (int i = 0; i < network.Prunable.Count && context.Alive is not null; i++)
            alive[network.Prunable[i].Index] = Values<bool>(context.Alive[i]);
        foreach (var slot in network.Slots)
        {
            using var temporaries = NewDisposeScope();
            long[] shape = slot.Layer.Weight.shape;
            double[] values = Values<double>(masked.Theta(slot.Index, float64).abs().cpu());
            magnitudes[slot.Index] = values;
            norms[slot.Index] = Sums(values, (int)(shape[0] * shape[1]), slot.Name);
        }
    }

    /// <summary>|θ| of every weight of a parameter, 0 where it is pruned.</summary>
    internal double[] Magnitudes(int slot) => magnitudes[slot];

    /// <summary>Σ|θ| of every kernel of a parameter.</summary>
    internal double[] Norms(int slot) => norms[slot];

    internal bool IsAlive(int slot, int weight) => alive[slot] is not { } kept || kept[weight];

    internal bool IsAlive(int slot, int kernel, int kernelSize) =>
        alive[slot] is not { } kept || kept.AsSpan(kernel * kernelSize, kernelSize).Contains(true);

    /// <summary>The elements in row-major order; TorchSharp's own accessor throws where there are none.</summary>
    private static T[] Values<T>(Tensor tensor) where T : unmanaged => tensor.numel() == 0 ? [] : tensor.contiguous().data<T>().ToArray();

    private static double[] Sums(double[] values, int kernels, string name)
    {
        var sums = new double[kernels];
        int size = values.Length / Math.Max(1, kernels);
        for (int kernel = 0; kernel < kernels; kernel++)
        {
            double sum = 0;
            for (int i = 0; i < size; i++) sum += values[kernel * size + i];
            if (!double.IsFinite(sum))
            {
                throw new NonFiniteScoreException($"A weight of '{name}' is NaN or infinite, so that no walk can be drawn; the model is unchanged.")
                { Parameter = name };
            }

            sums[kernel] = sum;
        }

        return sums;
    }
}

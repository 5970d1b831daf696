using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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

/// <summary>|θ| of one parameter's weights, 0 where they are pruned: a view of its memory.</summary>
internal readonly ref struct Magnitudes
{
    private readonly ReadOnlySpan<float> singles;
    private readonly ReadOnlySpan<double> doubles;
    private readonly ReadOnlySpan<byte> alive;

    /// <param name="theta">float32 or float64, contiguous, on the CPU. Outlives this.</param>
    /// <param name="alive">bool, likewise; null where nothing is pruned.</param>
    internal Magnitudes(Tensor theta, Tensor? alive)
    {
        if (theta.dtype == ScalarType.Float64) doubles = MemoryMarshal.Cast<byte, double>(theta.bytes);
        else singles = MemoryMarshal.Cast<byte, float>(theta.bytes);
        if (alive is not null) this.alive = alive.bytes;
    }

    internal double this[int weight] =>
        !IsAlive(weight) ? 0 : Math.Abs(doubles.IsEmpty ? singles[weight] : doubles[weight]);

    internal bool IsAlive(int weight) => alive.IsEmpty || alive[weight] != 0;

    internal bool IsAnyAlive(int first, int count) => alive.IsEmpty || alive.Slice(first, count).Contains((byte)1);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal double Sum(int first, int count)
    {
        double sum = 0;
        for (int i = first; i < first + count; i++) sum += this[i];
        return sum;
    }
}

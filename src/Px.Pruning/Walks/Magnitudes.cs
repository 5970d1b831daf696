using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Walks;

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

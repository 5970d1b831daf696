using Px.Bytes;
using Px.Pruning.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.Phew;

// The magnitudes of weights, read from the parameters' own memory; converted copies are in the current dispose scope.
internal sealed class WalkWeights
{
    private readonly Tensor[] thetas;
    private readonly Tensor?[] alive;

    internal WalkWeights(Network network, SlotTensors? masks)
    {
        thetas = [.. network.Slots.Select(slot => slot.Detached().to(network.ComputeType).cpu().contiguous())];
        alive = new Tensor?[thetas.Length];
        foreach (var (slot, mask) in masks ?? Enumerable.Empty<KeyValuePair<WeightSlot, Tensor>>()) alive[slot.Index] = mask.contiguous();
        foreach (var slot in network.Slots)
        {
            if (thetas[slot.Index].isfinite().all().ToBoolean()) continue;
            throw new NonFiniteScoreException(
                $"A weight of '{slot.Name}' is NaN or infinite, so that no walk can be drawn; the model is unchanged.")
            { Parameter = slot.Name };
        }
    }

    internal Magnitudes Of(WeightSlot slot) => new(thetas[slot.Index], alive[slot.Index]);
}

// |θ| of one parameter's weights, 0 where they are pruned: a view of the parameter's memory.
internal readonly ref struct Magnitudes
{
    private readonly TensorMemory<float> singles;
    private readonly TensorMemory<double> doubles;
    private readonly TensorMemory<byte> alive;

    // Both contiguous on the CPU. theta: float32 or float64; alive: bool, or null if nothing is pruned.
    internal Magnitudes(Tensor theta, Tensor? alive)
    {
        if (theta.dtype == ScalarType.Float64) doubles = new(theta);
        else singles = new(theta);
        if (alive is not null) this.alive = new(alive);
    }

    internal double this[int weight] =>
        !IsAlive(weight) ? 0 : Math.Abs(doubles.IsEmpty ? singles[weight] : doubles[weight]);

    internal bool IsAlive(int weight) => alive.IsEmpty || alive[weight] != 0;

    internal bool IsAnyAlive(int first, int count) => alive.IsEmpty || alive.Slice(first, count).Contains((byte)1);

    internal double Sum(int first, int count)
    {
        double sum = 0;
        for (int i = first; i < first + count; i++) sum += this[i];
        return sum;
    }
}

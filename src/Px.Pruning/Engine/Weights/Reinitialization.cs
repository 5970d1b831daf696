using static TorchSharp.torch;

namespace Px.Pruning.Engine.Weights;

// New values N(0, 2 / fan_in) for the weights that a mask keeps, zeros for the others; fan_in is counted as in kaiming_normal_. Owns them.
// Source: He et al., ICCV 2015, https://arxiv.org/abs/1502.01852.
internal sealed class Reinitialization : IDisposable
{
    private readonly SlotTensors drawn;

    internal Reinitialization(SlotTensors alive, long seed)
    {
        using var temporaries = NewDisposeScope();
        using var noGrad = no_grad();
        // Another stream than that of the seed itself, from which random scores are drawn.
        using var generator = new Generator(unchecked(((ulong)seed * 0x9E3779B97F4A7C15) + 1));
        drawn = alive.Map((slot, kept) => Draw(slot.Weight, kept, generator).DetachFromDisposeScope());
    }

    // Writes the values into the model, all or none. Disposing the result writes the old ones back, unless they are forgotten.
    internal SavedTensors Write()
    {
        using var noGrad = no_grad();
        var found = new SavedTensors();
        try
        {
            foreach (var (slot, values) in drawn) found.Replace(slot.Weight, values);
            return found;
        }
        catch
        {
            found.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var values in drawn.Values) values.Dispose();
    }

    private static Tensor Draw(Tensor weight, Tensor alive, Generator generator)
    {
        long[] shape = weight.shape;
        long fanIn = shape.Skip(1).Aggregate(1L, (product, size) => product * size);
        var dtype = weight.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var values = randn(shape, dtype, generator: generator) * Math.Sqrt(2.0 / Math.Max(1, fanIn));
        return values.masked_fill(alive.logical_not(), 0).to(weight.dtype).to(weight.device);
    }
}

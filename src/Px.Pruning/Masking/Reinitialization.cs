using Px.Pruning.Draws;
using Px.Pruning.Probing;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Masking;

/// <summary>New values for the weights that a mask keeps, zeros for the others: <c>N(0, 2 / fan_in)</c>. Owns them.</summary>
/// <remarks>
/// fan_in is counted in the weight as it is stored, the convention of <c>kaiming_normal_</c>.
/// <b>Source:</b> He et al., ICCV 2015, <see href="https://arxiv.org/abs/1502.01852"/>.
/// </remarks>
internal sealed class Reinitialization : IDisposable
{
    private readonly List<(WeightSlot Slot, Tensor Values)> drawn;

    /// <summary>Draws, and changes nothing yet.</summary>
    internal Reinitialization(ScoringContext context)
    {
        using var temporaries = NewDisposeScope();
        using var noGrad = no_grad();
        // Not the stream of the seed itself, from which random scores are drawn.
        using var generator = new Generator(unchecked(((ulong)context.Seed * 0x9E3779B97F4A7C15) + 1));
        drawn = [.. context.Network.Prunable.Zip(context.Alive!, (slot, alive) => (slot, Draw(slot.Layer.Weight, alive, generator)))];
        foreach (var (_, values) in drawn) values.DetachFromDisposeScope();
    }

    /// <summary>Writes the values into the model, all or none. What is returned puts the old ones back when disposed, until it is told to forget them.</summary>
    internal SavedTensors Write()
    {
        using var noGrad = no_grad();
        var found = new SavedTensors();
        try
        {
            foreach (var (slot, values) in drawn) found.Replace(slot.Layer.Weight, values);
            return found;
        }
        catch
        {
            found.Dispose();
            throw;
        }
    }

    public void Dispose() => drawn.ForEach(one => one.Values.Dispose());

    private static Tensor Draw(Tensor weight, Tensor alive, Generator generator)
    {
        long[] shape = weight.shape;
        var dtype = weight.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var values = randn(shape, dtype, generator: generator) * Math.Sqrt(2.0 / Math.Max(1, NormalDraws.FanIn(shape)));
        return values.masked_fill(alive.logical_not(), 0).to(weight.dtype).to(weight.device);
    }
}

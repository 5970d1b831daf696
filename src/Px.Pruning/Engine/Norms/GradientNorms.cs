using static TorchSharp.torch;

namespace Px.Pruning.Engine.Norms;

// What normalisation layers do where a network is differentiated.
internal interface IGradientNorms : IDisposable
{
    // The layer's output for its input [B, C, …]; gradients flow through. Fresh.
    Tensor Normalize(NormLayer layer, Tensor input);

    // Runs a pass in which layers take the statistics that they keep as constants from then on.
    void Watch(Action pass);
}

// Norm layers on running statistics, or on those of their input as in training mode.
internal sealed class DataNorms(NormStatistics statistics, bool leavesOutConstants) : IGradientNorms
{
    private readonly Dictionary<NormLayer, bool> plain = [];

    public Tensor Normalize(NormLayer layer, Tensor input)
    {
        if (!layer.UsesBatch(statistics)) return layer.NormalizeRunning(input);
        // Where a gradient is differentiated, libtorch takes time for γ even if it is a constant: a new network's is left out.
        if (!plain.TryGetValue(layer, out bool isPlain)) plain[layer] = isPlain = leavesOutConstants && layer.IsPlain;
        return isPlain ? layer.NormalizePlain(input, null, null, training: true) : layer.NormalizeBatch(input);
    }

    public void Watch(Action pass) { }

    public void Dispose() { }
}

// Norm layers of a newly made network: γ = 1, β = 0. Batch norm takes mean and unbiased variance of a watched pass as constants; the others
// go by each sample's own statistics anyway. Owns the statistics.
internal sealed class FreshNorms : IGradientNorms
{
    private readonly Dictionary<NormLayer, (Tensor Mean, Tensor Variance)> seen = [];
    private bool watching;

    public Tensor Normalize(NormLayer layer, Tensor input)
    {
        if (watching) Forget(layer);
        if (!watching && seen.TryGetValue(layer, out var constants))
            return layer.NormalizePlain(input, constants.Mean, constants.Variance, training: false);
        if (!layer.IsBatchNorm) return layer.NormalizePlain(input, null, null, training: true);

        // momentum 1 leaves the batch's own mean and unbiased variance in the two buffers.
        var mean = zeros(input.size(1), input.dtype, input.device).DetachFromDisposeScope();
        var variance = zeros(input.size(1), input.dtype, input.device).DetachFromDisposeScope();
        seen[layer] = (mean, variance);
        return layer.NormalizePlain(input, mean, variance, training: true);
    }

    public void Watch(Action pass)
    {
        watching = true;
        try
        {
            pass();
        }
        finally
        {
            watching = false;
        }
    }

    public void Dispose()
    {
        foreach (var layer in seen.Keys.ToList()) Forget(layer);
    }

    private void Forget(NormLayer layer)
    {
        if (!seen.Remove(layer, out var constants)) return;
        constants.Mean.Dispose();
        constants.Variance.Dispose();
    }
}

using static TorchSharp.torch;

namespace Px.Pruning.Engine.Norms;

// How normalisation layers compute where a network is differentiated.
internal interface IGradientNorms : IDisposable
{
    // The layer's output for its input [B, C, …], in a graph. Fresh.
    Tensor Normalize(NormLayer layer, Tensor input);

    // Runs a pass whose statistics the layers keep as constants.
    void Watch(Action pass);
}

// Norm layers on running statistics, or on those of their input as in training mode.
internal sealed class DataNorms(NormStatistics statistics, bool leavesOutConstants) : IGradientNorms
{
    private readonly Dictionary<NormLayer, bool> plain = [];

    public Tensor Normalize(NormLayer layer, Tensor input)
    {
        if (!layer.UsesBatch(statistics)) return layer.NormalizeRunning(input);
        // libtorch differentiates by γ a second time even if it is a constant, so that a new network's γ = 1 is left out.
        if (!plain.TryGetValue(layer, out bool isPlain)) plain[layer] = isPlain = leavesOutConstants && layer.IsPlain;
        return isPlain ? layer.Apply(input, training: true) : layer.NormalizeBatch(input);
    }

    public void Watch(Action pass) { }

    public void Dispose() { }
}

// Batch norm keeps mean and unbiased variance of a watched pass as constants; other norm layers use each sample's own statistics. Without
// a choice of statistics layers are as newly made, γ = 1 and β = 0. Owns the statistics.
internal sealed class WatchedNorms(NormStatistics? statistics) : IGradientNorms
{
    private readonly Dictionary<NormLayer, (Tensor Mean, Tensor Variance)> seen = [];
    private bool watching;

    public Tensor Normalize(NormLayer layer, Tensor input)
    {
        if (statistics is { } chosen && !layer.UsesBatch(chosen)) return layer.NormalizeRunning(input);
        using var scope = NewDisposeScope();
        Tensor? gamma = statistics is null ? null : layer.Gamma?.detach().to(input.dtype);
        Tensor? beta = statistics is null ? null : layer.Beta?.detach().to(input.dtype);
        return Normalize(layer, input, gamma, beta).MoveToOuterDisposeScope();
    }

    private Tensor Normalize(NormLayer layer, Tensor input, Tensor? gamma, Tensor? beta)
    {
        if (watching) Forget(layer);
        if (!watching && seen.TryGetValue(layer, out var constants))
            return layer.Apply(input, constants.Mean, constants.Variance, gamma, beta);
        if (!layer.IsBatchNorm) return layer.Apply(input, gamma: gamma, beta: beta);

        var mean = zeros(input.size(1), input.dtype, input.device).DetachFromDisposeScope();
        var variance = zeros(input.size(1), input.dtype, input.device).DetachFromDisposeScope();
        seen[layer] = (mean, variance);
        return layer.Apply(input, mean, variance, gamma, beta, training: true);
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

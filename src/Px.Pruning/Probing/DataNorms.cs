using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>Norm layers on running statistics, or on those of their input as in training mode.</summary>
internal sealed class DataNorms(NormStatistics statistics) : IGradientNorms
{
    private readonly Dictionary<NormLayer, bool> plain = [];

    public Tensor Normalize(NormLayer layer, Tensor input)
    {
        if (!layer.UsesBatch(statistics)) return layer.NormalizeRunning(input);
        // Where a gradient is differentiated, libtorch takes time for γ even if it is a constant: a new network's is left out.
        if (!plain.TryGetValue(layer, out bool isPlain)) plain[layer] = isPlain = layer.IsPlain;
        return isPlain ? layer.NormalizePlain(input, null, null, training: true) : layer.NormalizeBatch(input);
    }

    public void Watch(Action pass) { }

    public void Dispose() { }
}

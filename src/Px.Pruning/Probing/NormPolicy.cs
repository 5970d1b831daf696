using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>Decides for each normalisation layer where its statistics come from, and collects those of the pruning data. Owns them.</summary>
internal sealed class NormPolicy(NormStatistics statistics) : IDisposable
{
    private readonly Dictionary<NormLayer, NormMoments?> layers = [];

    internal NormStatistics Statistics => statistics;

    /// <summary>The layer's normalisation of <paramref name="input"/>, noting the moments where they come from the data. Fresh.</summary>
    internal Tensor Normalize(NormLayer layer, Tensor input)
    {
        if (!layers.TryGetValue(layer, out var moments))
            layers[layer] = moments = layer.UsesBatch(statistics) ? new NormMoments() : null;
        return moments is null ? layer.NormalizeRunning(input) : layer.NormalizeBatch(input, moments);
    }

    /// <summary>The frozen s² for a tensor of that many dimensions, float64. Fresh. Valid once data went through <see cref="Normalize"/>.</summary>
    internal Tensor SquaredScale(NormLayer layer, long dimensions) => layer.SquaredScale(layers.GetValueOrDefault(layer), dimensions);

    public void Dispose()
    {
        foreach (var moments in layers.Values) moments?.Dispose();
    }
}

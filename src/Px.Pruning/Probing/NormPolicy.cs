using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>Decides for each normalisation layer where its statistics come from, and collects those of the pruning data. Owns them.</summary>
/// <remarks>Until <see cref="Watch"/> has returned, a batch is normalised by its own statistics, as in training mode; from then on by constants.</remarks>
internal sealed class NormPolicy(NormStatistics statistics) : IGradientNorms
{
    private readonly Dictionary<NormLayer, NormMoments?> layers = [];

    internal NormStatistics Statistics => statistics;

    /// <summary>Whether statistics that come from the data are constants by now.</summary>
    internal bool IsFrozen { get; private set; }

    /// <summary>Whether gradients flow to γ and β.</summary>
    internal bool TrainsParameters { get; init; }

    /// <summary>The layer's normalisation of <paramref name="input"/>, noting the moments where they come from the data. Fresh.</summary>
    public Tensor Normalize(NormLayer layer, Tensor input)
    {
        if (!layers.TryGetValue(layer, out var moments))
            layers[layer] = moments = layer.UsesBatch(statistics) ? new NormMoments() : null;
        if (moments is null) return layer.NormalizeRunning(input, TrainsParameters);
        return IsFrozen ? layer.NormalizeFrozen(input, moments, TrainsParameters) : layer.NormalizeBatch(input, moments);
    }

    public void Watch(Action pass)
    {
        pass();
        IsFrozen = true;
    }

    /// <summary>Whether the layer adds a constant to what it scales. Valid once data went through <see cref="Normalize"/>.</summary>
    internal bool Shifts(NormLayer layer) => layer.Shifts(layers.GetValueOrDefault(layer));

    /// <summary>The frozen s² for a tensor of that many dimensions, float64. Fresh. Valid once data went through <see cref="Normalize"/>.</summary>
    internal Tensor SquaredScale(NormLayer layer, long dimensions) => layer.SquaredScale(layers.GetValueOrDefault(layer), dimensions);

    public void Dispose()
    {
        foreach (var moments in layers.Values) moments?.Dispose();
    }
}

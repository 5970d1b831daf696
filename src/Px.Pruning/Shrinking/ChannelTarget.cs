using System.Globalization;

namespace Px.Pruning.Shrinking;

/// <summary>How much of a network stays at most when channels are removed: a share of its channels, its weights or its FLOPs.</summary>
/// <remarks>
/// <b>Law:</b> the small network is never above the share, and was above it before the last channels were removed, so that it is below by
/// less than those took. The whole network counts, with the layers that cannot lose channels.
/// </remarks>
/// <example><code>var half = ChannelTarget.Flops(0.5);   // at most half of the FLOPs stay</code></example>
public sealed class ChannelTarget
{
    private readonly Func<ChannelSelection, long> measure;
    private readonly string name;

    private ChannelTarget(string name, double share, Func<ChannelSelection, long> measure)
    {
        if (!(share > 0 && share <= 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "The share that stays at most is above 0 and at most 1.");
        (this.name, Share, this.measure) = (name, share, measure);
    }

    /// <summary>The share that stays at most, in (0, 1].</summary>
    public double Share { get; }

    /// <summary>A share of the output channels of all convolutions and linear layers that are called.</summary>
    /// <param name="share">The share that stays at most, in (0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="share"/> is not in (0, 1].</exception>
    public static ChannelTarget Channels(double share) => new("channels", share, selection => selection.Channels);

    /// <summary>A share of the weights of all convolutions and linear layers; biases and norm layers do not count.</summary>
    /// <inheritdoc cref="Channels" path="/param"/>
    /// <inheritdoc cref="Channels" path="/exception"/>
    public static ChannelTarget Weights(double share) => new("weights", share, selection => selection.Weights);

    /// <summary>A share of the FLOPs of one sample in convolutions and linear layers, as <see cref="ShrinkResult.Flops"/> counts
    /// them.</summary>
    /// <inheritdoc cref="Channels" path="/param"/>
    /// <inheritdoc cref="Channels" path="/exception"/>
    public static ChannelTarget Flops(double share) => new("FLOPs", share, selection => selection.Flops);

    /// <summary>One phrase, in the invariant culture.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"at most {100 * Share:0.##} % of the {name}");

    internal long Measure(ChannelSelection selection) => measure(selection);
}

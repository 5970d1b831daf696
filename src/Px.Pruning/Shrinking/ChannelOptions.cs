namespace Px.Pruning.Shrinking;

/// <summary>How <see cref="ChannelPruning"/> chooses channels and removes them.</summary>
public sealed record ChannelOptions
{
    /// <summary>How channels of different layers are compared. Default <see cref="ChannelRanking.RelativeToLayer"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enumeration.</exception>
    public ChannelRanking Ranking { get; init => field = Require.Defined(value, "Not a way to rank channels."); }

    /// <summary>
    /// The number, at least 1, of which a layer's channels are a multiple once it loses any, those aside that cannot go. Default 1. GPUs
    /// are fastest at multiples of 8. A layer that has fewer channels keeps them all.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int RoundTo { get; init => field = Require.AtLeast(1, value); } = 1;

    /// <summary>The least number of output channels that a layer keeps, at least 1; a layer with fewer keeps them all. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MinimumPerLayer { get; init => field = Require.AtLeast(1, value); } = 1;

    /// <summary>
    /// How weights are scored: rounds, schedule (of the target's share, which begins at 1), data, batch size, loss, seed, logger, progress
    /// and round masks. Weights that <see cref="PruningOptions.Parameters"/> leaves out score nothing; scope, counting and ablation are for
    /// single weights, and others than the defaults are refused. Default: the defaults of <see cref="PruningOptions"/>.
    /// </summary>
    public PruningOptions Scoring { get; init; } = new();

    /// <summary>
    /// How the channels are taken out: <see cref="ShrinkOptions.Layers"/> says which layers may lose any, the others keep their inputs and
    /// outputs; latency, tolerance and binding as there. Default: the defaults of <see cref="ShrinkOptions"/>.
    /// </summary>
    public ShrinkOptions Shrinking { get; init; } = new();
}

/// <summary>How the scores of channels of different layers are compared.</summary>
/// <remarks>
/// A channel's score is the sum over all weights of the layers that write it, and of those tied to it: layers with many inputs have larger
/// sums. Among channels that are tied to the same layers the order is the same in all of these.
/// </remarks>
public enum ChannelRanking
{
    /// <summary>The sum, divided by the mean absolute sum of the channels of the same layers that are left. The default.</summary>
    RelativeToLayer,

    /// <summary>The mean over the weights that are left of those that the sum is taken of.</summary>
    PerWeight,

    /// <summary>The sum itself.</summary>
    Sum,

    /// <summary>They are not compared: all layers that can lose channels lose the same share, as near as whole channels allow.</summary>
    LayerWise,
}

namespace Px.Pruning.Analysis;

/// <summary>Channels of a layer that carry nothing to the network's output and stay nevertheless.</summary>
public sealed record UnremovedChannels
{
    /// <summary>The layer's path in the model (<c>layer1.0.conv1</c>).</summary>
    public required string Layer { get; init; }

    /// <summary>How many, at least 1.</summary>
    public required int Channels { get; init; }

    /// <summary>Why they stay.</summary>
    public required string Reason { get; init; }
}

namespace Px.Pruning.Analysis;

/// <summary>The channels of a layer before and after. For a linear layer they are its features.</summary>
public sealed record ShrunkLayer
{
    /// <summary>The layer's path in the model (<c>layer1.0.conv1</c>).</summary>
    public required string Name { get; init; }

    /// <summary>The layer's type, for example <c>Conv2d</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Channels that it received.</summary>
    public required int InputsBefore { get; init; }

    /// <summary>Channels that it receives, in [1, <see cref="InputsBefore"/>].</summary>
    public required int Inputs { get; init; }

    /// <summary>Channels that it returned.</summary>
    public required int OutputsBefore { get; init; }

    /// <summary>Channels that it returns, in [1, <see cref="OutputsBefore"/>].</summary>
    public required int Outputs { get; init; }
}

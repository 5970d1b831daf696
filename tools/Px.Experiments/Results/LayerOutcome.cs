namespace Px.Experiments.Results;

/// <summary>What pruning left of a layer.</summary>
public sealed record LayerOutcome
{
    /// <summary>The parameter: <c>layer1.0.conv1.weight</c>.</summary>
    public required string Name { get; init; }

    public required long Kept { get; init; }

    public required long Total { get; init; }

    /// <summary>Output units with a kept weight.</summary>
    public required long UnitsAlive { get; init; }

    public required long Units { get; init; }

    /// <summary>Kept weights on a path from input to output; null where that is not known.</summary>
    public long? Effective { get; init; }

    /// <summary>Output units with such a weight; null where that is not known.</summary>
    public long? UnitsEffective { get; init; }
}

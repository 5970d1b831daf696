using Px.Samples.Training;

namespace Px.Experiments.Materials;

/// <summary>What a cell is made of.</summary>
public sealed record Material
{
    /// <summary>What is learned.</summary>
    public required LearningTask Task { get; init; }

    /// <summary>Tells the data from other data.</summary>
    public required string DataHash { get; init; }

    /// <summary>SHA-256, in hexadecimal, of the file of pretrained weights; null where weights are drawn.</summary>
    public string? WeightsHash { get; init; }
}

using Px.Runner.Training;

namespace Px.Experiments.Inputs;

/// <summary>What a cell starts from: its learning task, and hashes that identify its data and weights.</summary>
public sealed record CellInputs
{
    /// <summary>The learning task, with its data.</summary>
    public required LearningTask Task { get; init; }

    /// <summary>Identifies the data: <see cref="Inputs.DataHash.Of"/>.</summary>
    public required string DataHash { get; init; }

    /// <summary>SHA-256, in hexadecimal, of the file of pretrained weights; null where weights are drawn.</summary>
    public string? WeightsHash { get; init; }
}

namespace Px.Experiments.Results;

/// <summary>What training brought.</summary>
public sealed record TrainingResult
{
    /// <summary>What is measured: <c>accuracy</c> or <c>mean IoU</c>.</summary>
    public required string Measure { get; init; }

    /// <summary>The measure after pruning and before training, a fraction.</summary>
    public required double Before { get; init; }

    /// <summary>The measure after training, a fraction.</summary>
    public required double After { get; init; }

    /// <summary>How long training took, tests left out, in all processes that worked on it.</summary>
    public required double Seconds { get; init; }
}

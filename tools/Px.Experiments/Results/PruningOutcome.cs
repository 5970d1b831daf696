namespace Px.Experiments.Results;

/// <summary>What pruning left, and what it took.</summary>
public sealed record PruningOutcome
{
    /// <summary>The rounds that were run.</summary>
    public required int Rounds { get; init; }

    /// <summary>Seconds of each timed run, in order; of IMP, those of the process that finished it.</summary>
    public required IReadOnlyList<double> Seconds { get; init; }

    /// <summary>The file of the mask, beside the result.</summary>
    public required string MaskFile { get; init; }

    /// <summary>SHA-256 of that file, in hexadecimal; null in results of older versions.</summary>
    public string? MaskHash { get; init; }

    public required long Kept { get; init; }

    public required long Total { get; init; }

    /// <summary>Kept weights that lie on a path from input to output; null where paths do not describe the network.</summary>
    public long? Effective { get; init; }

    /// <summary>Floating-point operations of the dense network for one sample.</summary>
    public long? DenseFlops { get; init; }

    /// <summary>The same, were every pruned weight skipped.</summary>
    public long? Flops { get; init; }

    /// <summary>The same, were every weight skipped that lies on no path; null where that is not known.</summary>
    public long? EffectiveFlops { get; init; }

    /// <summary>Output units that a path of kept weights reaches; null where that is not known.</summary>
    public long? OutputsReached { get; init; }

    public long? Outputs { get; init; }

    /// <summary>What is wrong with the pruned network and what to do about it, in words; empty where nothing is.</summary>
    public IReadOnlyList<string> Findings { get; init; } = [];

    /// <summary>In the model's order.</summary>
    public required IReadOnlyList<LayerOutcome> Layers { get; init; }
}

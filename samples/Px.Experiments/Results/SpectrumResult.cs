namespace Px.Experiments.Results;

/// <summary>The spectrum of the Neural Tangent Kernel at the pruned initial weights.</summary>
public sealed record SpectrumResult
{
    /// <summary>Samples that it was taken on.</summary>
    public required int Samples { get; init; }

    /// <summary>Descending.</summary>
    public required IReadOnlyList<double> Eigenvalues { get; init; }

    /// <summary>The paper's upper bound on their sum (Eq. 6); null where it is not known.</summary>
    public double? Bound { get; init; }
}

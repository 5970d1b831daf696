namespace Px.Experiments.Results;

/// <summary>The spectrum of the Neural Tangent Kernel at the pruned initial weights.</summary>
public sealed record SpectrumResult
{
    /// <summary>Samples that it was taken on.</summary>
    public required int Samples { get; init; }

    /// <summary>Descending.</summary>
    public required IReadOnlyList<double> Eigenvalues { get; init; }

    /// <summary>The upper bound on their sum that PX prunes by; null where its theory does not hold for the network.</summary>
    public double? Bound { get; init; }

    /// <summary>The modules because of which the bound may lie below the sum; empty where it cannot.</summary>
    public IReadOnlyList<string> BoundExceptions { get; init; } = [];
}

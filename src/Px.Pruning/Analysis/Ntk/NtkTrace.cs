namespace Px.Pruning.Analysis;

/// <summary>The trace of a Neural Tangent Kernel, <c>Tr Θ = Σₙ Σₖ ‖∂fₖ(xₙ)/∂θ‖²</c>.</summary>
public sealed record NtkTrace
{
    internal NtkTrace() { }

    /// <summary>The trace, or its estimate: not negative.</summary>
    public required double Value { get; init; }

    /// <summary>The standard error of an estimate; 0 if the trace is exact.</summary>
    public required double StandardError { get; init; }

    /// <summary>The number of samples N.</summary>
    public required long Samples { get; init; }

    /// <summary>Rows of the kernel for each sample: K, or 1 with <see cref="NtkOptions.SumOutputs"/>.</summary>
    public required long Outputs { get; init; }

    /// <summary>The number of kept weights that were differentiated, m.</summary>
    public required long Parameters { get; init; }
}

/// <summary>The trace of a Neural Tangent Kernel and the bound on it that Path eXclusion prunes by.</summary>
public sealed record NtkBound
{
    internal NtkBound() { }

    /// <summary>The true trace, exact or estimated.</summary>
    public required NtkTrace Trace { get; init; }

    /// <summary><c>Σₖ ‖J_v^{fₖ}‖² ‖J_θ^{vₖ}‖²</c>, not negative; infinite beyond the range of float64.</summary>
    public required double Value { get; init; }

    /// <summary>The modules that may make the bound smaller than the trace, in calling order, then a parameter or buffer that the model's
    /// own code adds; empty if it is proven. See <see cref="NtkAnalysis.Bound"/>.</summary>
    public required IReadOnlyList<string> Exceptions { get; init; }

    /// <summary>Whether trace ≤ bound is proven for this network.</summary>
    public bool Holds => Exceptions.Count == 0;
}

/// <summary>The largest eigenvalues of a Neural Tangent Kernel.</summary>
public sealed record NtkTopEigenvalues
{
    internal NtkTopEigenvalues() { }

    /// <summary>The eigenvalues, the largest first, with multiplicity; not negative. As many as asked for, at most one a row.</summary>
    public required IReadOnlyList<double> Eigenvalues { get; init; }

    /// <summary>Each residual <c>‖Θv − λv‖</c> with unit vector v: an eigenvalue of the kernel lies within that distance.</summary>
    public required IReadOnlyList<double> Residuals { get; init; }

    /// <summary>Whether all residuals are within <see cref="NtkEigenvalueOptions.Tolerance"/> of the largest eigenvalue.</summary>
    public required bool Converged { get; init; }

    /// <summary>The number of products of the kernel with a vector.</summary>
    public required int Products { get; init; }

    /// <summary>The number of samples N.</summary>
    public required long Samples { get; init; }

    /// <summary>Rows of the kernel for each sample: K, or 1 with <see cref="NtkOptions.SumOutputs"/>.</summary>
    public required long Outputs { get; init; }

    /// <summary>The number of kept weights that were differentiated, m.</summary>
    public required long Parameters { get; init; }
}

namespace Px.Pruning.Analysis;

/// <summary>The trace of a Neural Tangent Kernel, <c>Tr Θ = Σₙ Σₖ ‖∂fₖ(xₙ)/∂θ‖²</c>.</summary>
public sealed record NtkTrace
{
    internal NtkTrace() { }

    /// <summary>The trace, or its estimate: not negative.</summary>
    public required double Value { get; init; }

    /// <summary>The standard error of an estimate; 0 where the trace is exact.</summary>
    public required double StandardError { get; init; }

    /// <summary>Samples N.</summary>
    public required long Samples { get; init; }

    /// <summary>Rows of the kernel a sample: K, or 1 with <see cref="NtkOptions.SumOutputs"/>.</summary>
    public required long Outputs { get; init; }

    /// <summary>Kept weights that were differentiated, m.</summary>
    public required long Parameters { get; init; }
}

/// <summary>The bound that Path eXclusion is about, beside the trace that it bounds.</summary>
public sealed record NtkBound
{
    internal NtkBound() { }

    /// <summary>The true trace, exact or estimated.</summary>
    public required NtkTrace Trace { get; init; }

    /// <summary><c>Σₖ ‖J_v^{fₖ}‖² ‖J_θ^{vₖ}‖²</c>, not negative; infinite beyond the range of float64.</summary>
    public required double Value { get; init; }

    /// <summary>
    /// The modules because of which the bound may lie below the trace, in calling order; empty where it cannot. See
    /// <see cref="NtkAnalysis.Bound"/> for what they are.
    /// </summary>
    public required IReadOnlyList<string> Exceptions { get; init; }

    /// <summary>Whether trace ≤ bound is a theorem for this network.</summary>
    public bool Holds => Exceptions.Count == 0;
}

/// <summary>The largest eigenvalues of a Neural Tangent Kernel that was never written down. Plain numbers.</summary>
public sealed record NtkTopEigenvalues
{
    internal NtkTopEigenvalues() { }

    /// <summary>The largest first, as often as they occur; not negative. As many as were asked for, or as the kernel has rows.</summary>
    public required IReadOnlyList<double> Eigenvalues { get; init; }

    /// <summary><c>‖Θv − λv‖</c> for each with its unit vector v: some eigenvalue of the kernel lies at most that far away.</summary>
    public required IReadOnlyList<double> Residuals { get; init; }

    /// <summary>Whether all residuals are within <see cref="NtkEigenvalueOptions.Tolerance"/> of the largest eigenvalue.</summary>
    public required bool Converged { get; init; }

    /// <summary>How often the kernel was multiplied by a vector.</summary>
    public required int Products { get; init; }

    /// <summary>Samples N.</summary>
    public required long Samples { get; init; }

    /// <summary>Rows of the kernel a sample: K, or 1 with <see cref="NtkOptions.SumOutputs"/>.</summary>
    public required long Outputs { get; init; }

    /// <summary>Kept weights that were differentiated, m.</summary>
    public required long Parameters { get; init; }
}

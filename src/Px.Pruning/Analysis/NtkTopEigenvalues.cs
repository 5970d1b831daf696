namespace Px.Pruning.Analysis;

/// <summary>The largest eigenvalues of a Neural Tangent Kernel that was never written down. Plain numbers.</summary>
public sealed record NtkTopEigenvalues
{
    internal NtkTopEigenvalues() { }

    /// <summary>The largest first, as often as they occur; not negative. As many as were asked for, or as the kernel has rows.</summary>
    public required IReadOnlyList<double> Eigenvalues { get; init; }

    /// <summary><c>‖Θv − λv‖</c> for each with its unit vector v: some eigenvalue of the kernel lies at most that far away.</summary>
    public required IReadOnlyList<double> Residuals { get; init; }

    /// <summary>Whether all residuals are within <see cref="NtkOptions.Tolerance"/> of the largest eigenvalue.</summary>
    public required bool Converged { get; init; }

    /// <summary>How often the kernel was multiplied by a vector.</summary>
    public required int Products { get; init; }

    /// <summary>Samples N.</summary>
    public required long Samples { get; init; }

    /// <summary>Rows of the kernel a sample: K, or 1 for <see cref="NtkOutputs.Sum"/>.</summary>
    public required long Outputs { get; init; }

    /// <summary>Kept weights that were differentiated, m.</summary>
    public required long Parameters { get; init; }
}

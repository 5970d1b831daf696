namespace Px.Pruning.Analysis;

/// <summary>Approximate eigenvalues, the largest first, with the lengths of their residuals.</summary>
internal sealed record NtkRitz(IReadOnlyList<double> Eigenvalues, IReadOnlyList<double> Residuals, bool Converged, int Products)
{
    internal static NtkRitz None { get; } = new([], [], false, 0);
}

using Px.Pruning.Masking;

namespace Px.Pruning.Analysis;

/// <summary>How much two masks agree, over all weights or over those of one parameter.</summary>
/// <param name="First">The name of the first mask.</param>
/// <param name="Second">The name of the second mask.</param>
/// <param name="FirstKept">Weights that the first mask keeps.</param>
/// <param name="SecondKept">Weights that the second mask keeps.</param>
/// <param name="Total">Weights in all.</param>
/// <param name="Common">Weights that both keep, in [0, min(FirstKept, SecondKept)].</param>
/// <param name="ExpectedCommon">
/// Weights that two independent random masks both keep on average, which keep as many of each parameter as these two:
/// <c>Σ aₗ·bₗ/nₗ</c> over the parameters.
/// </param>
public sealed record MaskPair(string First, string Second, long FirstKept, long SecondKept, long Total, long Common, double ExpectedCommon)
{
    /// <summary><c>|A ∩ B| / min(|A|, |B|)</c> in [0, 1], as <see cref="PruningMask.Overlap"/>.</summary>
    public double Overlap => MaskAlgebra.Overlap(Common, FirstKept, SecondKept);

    /// <summary><c>|A ∩ B| / |A ∪ B|</c> in [0, 1], as <see cref="PruningMask.Jaccard"/>.</summary>
    public double Jaccard => MaskAlgebra.Jaccard(Common, FirstKept, SecondKept);

    /// <summary>
    /// The mean <see cref="Overlap"/> of independent random masks of these layer densities, in [0, 1]: what is above it is agreement on weights, and not on how
    /// many each layer keeps.
    /// </summary>
    public double ExpectedOverlap => MaskAlgebra.Overlap(ExpectedCommon, FirstKept, SecondKept);
}

using Px.Pruning.Probing;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Magnitude: <c>S = |θ|</c>.</summary>
/// <remarks>
/// <para><b>Cost:</b> none but the ranking; no data and no pass. More than one round changes nothing.</para>
/// <para><b>Law:</b> the kept weights are the largest ones, whatever the data.</para>
/// <para><b>Deviation:</b> none.</para>
/// <para><b>Source:</b> Han et al., NeurIPS 2015, <see href="https://arxiv.org/abs/1506.02626"/>; at initialisation as a baseline in
/// Tanaka et al., NeurIPS 2020, <see href="https://arxiv.org/abs/2006.05467"/>.</para>
/// </remarks>
public sealed class MagnitudePruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "Magnitude";

    /// <inheritdoc/>
    public override bool NeedsData => false;

    internal override (IReadOnlyList<Tensor> Scores, int Exponent) ScoreRound(ScoringContext context)
    {
        using var weights = new MaskedWeights(context.Network, context.Alive);
        return ([.. context.Network.Prunable.Select(slot =>
        {
            using var magnitudes = weights.AbsoluteTheta(slot.Index, float64);
            return magnitudes.cpu();
        })], 0);
    }
}

using Px.Pruning.Engine;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Magnitude pruning: keeps the weights with the largest absolute values, <c>S = |θ|</c>.</summary>
/// <remarks>
/// <para><b>Cost:</b> only the ranking; no data and no pass through the network. More rounds than one change nothing.</para>
/// <para><b>Law:</b> the kept weights are the largest ones, whatever the data.</para>
/// <para><b>Deviation:</b> none.</para>
/// <para><b>Source:</b> Han et al., NeurIPS 2015, <see href="https://arxiv.org/abs/1506.02626"/>; at initialisation as a baseline in
/// Tanaka et al., NeurIPS 2020, <see href="https://arxiv.org/abs/2006.05467"/>.</para>
/// </remarks>
/// <example><code>using var result = new MagnitudePruner().Prune(model, sparsity: 0.9);</code></example>
public sealed class MagnitudePruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "Magnitude";

    internal override MethodNeeds Needs => new();

    internal override MethodRun Start(ScoringContext context) => new Run(context);

    private sealed class Run(ScoringContext context) : MethodRun(context)
    {
        internal override RoundScores Score(ScoringRound round) => new(new SlotTensors(Network.Prunable, slot =>
        {
            using var magnitudes = round.Weights.AbsoluteTheta(slot, float64);
            return magnitudes.cpu();
        }));
    }
}

using Px.Pruning.Engine;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Random pruning: scores are random numbers, <c>S ~ U(0, 1)</c>, independent for every weight.</summary>
/// <remarks>
/// <para><b>Cost:</b> only the ranking; no data and no pass through the network.</para>
/// <para><b>Law:</b> the same seed and shapes give the same mask; the expected density is the same in every layer.</para>
/// <para><b>Deviation:</b> uniform instead of normal numbers, whose ranking is equally random.</para>
/// <para><b>Source:</b> the baseline of Frankle et al., ICLR 2021, <see href="https://arxiv.org/abs/2009.08576"/>.</para>
/// </remarks>
/// <example><code>using var result = new RandomPruner().Prune(model, sparsity: 0.9, new PruningOptions { Seed = 1 });</code></example>
public sealed class RandomPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "Random";

    internal override MethodNeeds Needs => new();

    internal override MethodRun Start(ScoringContext context) => new Run(context);

    private sealed class Run(ScoringContext context) : MethodRun(context)
    {
        internal override RoundScores Score(ScoringRound round)
        {
            // The same seed in every round: a weight keeps its score.
            using var generator = new Generator(unchecked((ulong)Context.Seed));
            return new(new SlotTensors(Network.Prunable, slot =>
            {
                var draws = rand(slot.Weight.shape, float64, generator: generator);
                return round.Alive is { } alive ? draws.mul_(alive[slot]) : draws;
            }));
        }
    }
}

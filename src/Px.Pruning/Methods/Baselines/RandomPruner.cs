using Px.Pruning.Engine;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Random: <c>S ~ U(0, 1)</c>, independent for every weight.</summary>
/// <remarks>
/// <para><b>Cost:</b> none but the ranking; no data and no pass.</para>
/// <para><b>Law:</b> with the same <see cref="PruningOptions.Seed"/> and model shapes the mask is the same; the expected density of
/// every layer is the density asked for.</para>
/// <para><b>Deviation:</b> uniform instead of normal numbers, which rank alike.</para>
/// <para><b>Source:</b> the baseline of Frankle et al., ICLR 2021, <see href="https://arxiv.org/abs/2009.08576"/>.</para>
/// </remarks>
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
            // Scores do not depend on the round: a weight that survives keeps its number.
            using var generator = new Generator(unchecked((ulong)Context.Seed));
            return new(new SlotTensors(Network.Prunable, slot =>
            {
                var draws = rand(slot.Layer.Weight.shape, float64, generator: generator);
                return round.Alive is { } alive ? draws.mul_(alive[slot]) : draws;
            }));
        }
    }
}

using Px.Pruning.Engine;
using Px.Pruning.Methods.Saliency;

namespace Px.Pruning;

/// <summary>Iterative SNIP: SNIP's score <c>S = |θ ⊙ ∂L/∂θ|</c>, computed anew in every round on the masked network.</summary>
/// <remarks>
/// <para><b>Cost:</b> one forward and one backward pass of the pruning data a round.</para>
/// <para><b>Law:</b> round 1 scores as <see cref="SnipPruner"/> does; a pruned weight never returns. One round is SNIP.</para>
/// <para>
/// <b>Deviation:</b> exact counts among the weights that are left; the authors' threshold readmits pruned weights if too few gradients
/// differ from zero. Batches count by their samples unless <see cref="CountsBatchesAlike"/>; the authors' code adds up the means of all
/// batches. Dropout is off while scoring.
/// </para>
/// <para><b>Source:</b> de Jorge et al., ICLR 2021, Eq. 7 without pruned weights, <see href="https://arxiv.org/abs/2006.09081"/>.</para>
/// </remarks>
/// <example><code>using var result = new IterSnipPruner().Prune(model, loader, sparsity: 0.95);</code></example>
public sealed class IterSnipPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "IterSNIP";

    /// <summary>60, as in the authors' experiments.</summary>
    public override int DefaultRounds => 60;

    /// <summary>Where norm layers take their statistics from. Default <see cref="NormStatistics.PruningBatch"/>: as in training mode,
    /// gradients flow through the batch's statistics.</summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.PruningBatch;

    /// <summary>
    /// Whether every batch counts alike, as in the authors' code, so that a sample of a batch that is smaller than the others, as the last
    /// may be, counts for more; a last batch of one sample stays one. Default <see langword="false"/>: every sample counts alike. Of no
    /// consequence where all batches have one size.
    /// </summary>
    public bool CountsBatchesAlike { get; init; }

    internal override MethodNeeds Needs => new() { Data = true, LoneSampleStays = CountsBatchesAlike };

    internal override IEnumerable<(string Name, string Value)> Settings =>
        [("norm_statistics", NormStatistics.ToString()), .. CountsBatchesAlike ? [("batches", "alike")] : Array.Empty<(string, string)>()];

    internal override MethodRun Start(ScoringContext context) => new SaliencyRun(context, NormStatistics, alike: CountsBatchesAlike);
}

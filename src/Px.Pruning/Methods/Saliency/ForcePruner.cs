using Px.Pruning.Engine;
using Px.Pruning.Methods.Saliency;

namespace Px.Pruning;

/// <summary>FORCE, foresight connection sensitivity: SNIP in rounds in which pruned weights may return.</summary>
/// <remarks>
/// <c>S = |θ ⊙ ∂L(θ ⊙ m)/∂(θ ⊙ m)|</c> for every weight. The gradient is that of the pruned network; for a pruned weight it estimates the
/// effect of restoring it.
/// <para><b>Cost:</b> one forward and one backward pass of the pruning data a round.</para>
/// <para><b>Law:</b> every round ranks all weights anew, and its count is exact. Round 1 scores as <see cref="SnipPruner"/> does.</para>
/// <para>
/// <b>Deviation:</b> exact counts; the authors' code keeps every weight that ties with the last. Batches count by their samples unless
/// <see cref="CountsBatchesAlike"/>; the authors' code adds up the means of all batches. Dropout is off while scoring.
/// </para>
/// <para><b>Source:</b> de Jorge et al., ICLR 2021, Eq. 7, <see href="https://arxiv.org/abs/2006.09081"/>.</para>
/// </remarks>
/// <example><code>using var result = new ForcePruner().Prune(model, loader, sparsity: 0.95);</code></example>
public sealed class ForcePruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "FORCE";

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

    internal override MethodNeeds Needs => new() { Data = true, LoneSampleStays = CountsBatchesAlike, WeightsReturn = true };

    internal override IEnumerable<(string Name, string Value)> Settings =>
        [("norm_statistics", NormStatistics.ToString()), .. CountsBatchesAlike ? [("batches", "alike")] : Array.Empty<(string, string)>()];

    internal override MethodRun Start(ScoringContext context) =>
        new SaliencyRun(context, NormStatistics, dense: true, alike: CountsBatchesAlike);
}

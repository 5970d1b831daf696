using Px.Pruning.Engine;
using Px.Pruning.Methods.Saliency;

namespace Px.Pruning;

/// <summary>SNIP, connection sensitivity: scores weights by their effect on the loss, <c>S = |θ ⊙ ∂L/∂θ|</c>.</summary>
/// <remarks>
/// <para>The gradient is summed over the batches.</para>
/// <para><b>Cost:</b> one forward and one backward pass of the pruning data a round.</para>
/// <para><b>Law:</b> S is |∂L/∂m| at m = 1 for the masked weights θ ⊙ m; a pruned weight scores 0 and stays pruned.</para>
/// <para>
/// <b>Deviation:</b> scores are not divided by their sum, which changes no rank and is undefined if all gradients vanish. Only weights are
/// ranked; the authors' code also ranks biases. Batches count by their samples unless <see cref="CountsBatchesAlike"/>; the authors' code
/// adds up the means of all batches. Dropout is off while scoring.
/// </para>
/// <para><b>Source:</b> Lee, Ajanthan, Torr, ICLR 2019, <see href="https://arxiv.org/abs/1810.02340"/>.</para>
/// </remarks>
/// <example><code>using var result = new SnipPruner().Prune(model, loader, sparsity: 0.9);</code></example>
public sealed class SnipPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "SNIP";

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

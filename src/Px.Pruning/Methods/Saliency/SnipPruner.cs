using Px.Pruning.Engine;
using Px.Pruning.Methods.Saliency;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>SNIP, single-shot connection sensitivity: <c>S = |θ ⊙ ∂L/∂θ|</c>, the gradient summed over the batches.</summary>
/// <remarks>
/// <para><b>Cost:</b> one forward and one backward pass of the pruning data a round.</para>
/// <para><b>Law:</b> S is |∂L/∂m| at m = 1 for the masked weights θ ⊙ m; a pruned weight scores 0 and stays pruned.</para>
/// <para>
/// <b>Deviation:</b> scores are not divided by their sum, which changes no rank and is undefined where all gradients vanish. Only weights
/// are ranked, where the authors' code also ranks biases. Batches count by their samples
/// unless <see cref="CountsBatchesAlike"/>, where the authors' code adds up the means of all batches. Dropout is off while scoring.
/// </para>
/// <para><b>Source:</b> Lee, Ajanthan, Torr, ICLR 2019, <see href="https://arxiv.org/abs/1810.02340"/>.</para>
/// </remarks>
public sealed class SnipPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "SNIP";

    /// <summary>
    /// Where norm layers take their statistics from. Default <see cref="NormStatistics.PruningBatch"/>, as in training mode: gradients
    /// flow through the batch's statistics.
    /// </summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.PruningBatch;

    /// <summary>
    /// Whether every batch counts alike, as in the authors' code, so that a sample of a batch that is smaller than the others, as the last
    /// may be, counts for more. Default <see langword="false"/>: every sample does. Of no consequence where all batches have one size.
    /// </summary>
    public bool CountsBatchesAlike { get; init; }

    internal override MethodNeeds Needs => new() { Data = true };

    internal override IEnumerable<KeyValuePair<string, string>> Settings =>
    [
        KeyValuePair.Create("norm_statistics", NormStatistics.ToString()),
        .. CountsBatchesAlike ? [KeyValuePair.Create("batches", "alike")] : Array.Empty<KeyValuePair<string, string>>(),
    ];

    internal override MethodRun Start(ScoringContext context) => new SaliencyRun(context, NormStatistics, alike: CountsBatchesAlike);
}

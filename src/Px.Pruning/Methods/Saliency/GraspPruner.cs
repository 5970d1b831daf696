using System.Globalization;
using Px.Pruning.Engine;
using Px.Pruning.Methods.Saliency;

namespace Px.Pruning;

/// <summary>GraSP, gradient signal preservation: keeps the weights whose removal would reduce the gradient norm most.</summary>
/// <remarks>
/// <para>
/// <c>S = θ ⊙ H g</c> with the gradient g and the Hessian H of the loss at temperature T. The paper removes the weights with the largest
/// <c>−θ ⊙ H g</c>, whose removal reduces the gradient flow gᵀg least (or raises it most); so the largest S are kept. Scores have both
/// signs.
/// </para>
/// <para>
/// <b>Cost:</b> a forward and a backward pass of the pruning data for g, and a forward and a double backward pass for H g; the last batch
/// shares the first two. About twice the memory of a training step of one batch.
/// </para>
/// <para>
/// <b>Law:</b> the loss is the mean over all samples and both passes see the same batches, so that with running statistics the batch size
/// changes nothing but rounding. The scores sum to half the derivative of gᵀg along θ.
/// </para>
/// <para>
/// <b>Deviation:</b> linear layers are not drawn anew before scoring, as they are in the authors' code; no division by the scores' sum,
/// which changes no rank. Batches are weighted by their samples; the authors' code adds up the means of all batches. Over several rounds
/// pruned weights stay pruned. Dropout is off while scoring.
/// </para>
/// <para><b>Source:</b> Wang, Zhang, Grosse, ICLR 2020, Eq. 8 and Algorithm 2, <see href="https://arxiv.org/abs/2002.07376"/>.</para>
/// </remarks>
/// <example><code>using var result = new GraspPruner().Prune(model, loader, sparsity: 0.9);</code></example>
public sealed class GraspPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "GraSP";

    /// <summary>The temperature T that divides the network's output before the loss. Default 200, as in the authors' code.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive and finite.</exception>
    public double Temperature { get; init => field = Require.PositiveFinite("A temperature", value); } = 200;

    /// <summary>Where norm layers take their statistics from. Default <see cref="NormStatistics.PruningBatch"/>: as in training mode,
    /// gradients flow through the batch's statistics, so that the batch size matters.</summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.PruningBatch;

    internal override MethodNeeds Needs => new() { Data = true, SecondDerivatives = true };

    internal override IEnumerable<(string Name, string Value)> Settings =>
    [
        ("temperature", Temperature.ToString("R", CultureInfo.InvariantCulture)),
        ("norm_statistics", NormStatistics.ToString()),
    ];

    internal override MethodRun Start(ScoringContext context) => new GraspRun(context, this);
}

using Px.Pruning.Engine;
using Px.Pruning.Methods.Saliency;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>GraSP, gradient signal preservation: <c>S = θ ⊙ H g</c> with the gradient g and the Hessian H of the loss at temperature
/// T.</summary>
/// <remarks>
/// <para>
/// The paper removes the weights with the largest <c>−θ ⊙ H g</c>, whose removal reduces the gradient flow gᵀg least (or raises it most);
/// so the largest S are kept. Scores have both signs.
/// </para>
/// <para>
/// <b>Cost:</b> a forward and a backward pass of the pruning data for g, and a forward pass and a double backward pass for H g; where there
/// is one batch (and for the last of several) the first two are shared. About twice the memory of a training step of one batch.
/// </para>
/// <para>
/// <b>Law:</b> the loss is the mean over all samples and both passes see the same batches, so that with running statistics the batch size
/// changes nothing but rounding. The scores sum to half the derivative of gᵀg along θ.
/// </para>
/// <para>
/// <b>Deviation:</b> linear layers are not drawn anew before scoring, where the authors' code scores such a copy; no division by the
/// scores' sum, which changes no rank. Batches count by their samples, where the authors' code adds up the means of all batches: one that
/// is smaller than the others, as the last may be, counts for less here. Over several rounds pruned weights stay pruned. Dropout is off
/// while scoring.
/// </para>
/// <para><b>Source:</b> Wang, Zhang, Grosse, ICLR 2020, Eq. 8 and Algorithm 2, <see href="https://arxiv.org/abs/2002.07376"/>.</para>
/// </remarks>
public sealed class GraspPruner : Pruner
{
    private readonly double temperature = 200;

    /// <inheritdoc/>
    public override string Name => "GraSP";

    /// <summary>What the network's output is divided by before the loss: positive and finite. Default 200, as in the authors'
    /// code.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive and finite.</exception>
    public double Temperature
    {
        get => temperature;
        init => temperature = value > 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Temperature), value, "A temperature is positive and finite.");
    }

    /// <summary>
    /// Where norm layers take their statistics from. Default <see cref="NormStatistics.PruningBatch"/>, as in training mode: gradients
    /// flow through the batch's statistics, so that the batch size matters.
    /// </summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.PruningBatch;

    internal override MethodNeeds Needs => new() { Data = true };

    internal override IEnumerable<KeyValuePair<string, string>> Settings =>
    [
        KeyValuePair.Create("temperature", Temperature.ToString("R", System.Globalization.CultureInfo.InvariantCulture)),
        KeyValuePair.Create("norm_statistics", NormStatistics.ToString()),
    ];

    internal override MethodRun Start(ScoringContext context) => new GraspRun(context, this);
}

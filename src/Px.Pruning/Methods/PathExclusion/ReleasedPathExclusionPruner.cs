using Px.Pruning.Engine;
using Px.Pruning.Methods.PathExclusion;

namespace Px.Pruning;

/// <summary>
/// PX as in its authors' first public code (April 2024), to repeat published runs. It is not the paper's Eq. 9, which
/// <see cref="PathExclusionPruner"/> computes.
/// </summary>
/// <remarks>
/// <para>
/// <c>S = |∂R/∂θ²| ⊙ |θ|⁵</c> with <c>R = Σₙ Σₖ fᵏ(xₙ) · hᵏ(xₙ; θ²)</c>. Differences to the paper: g is f itself, with its own weights, on
/// the data itself; h gets the data instead of ones; norm layers of both normalise by their own batch and keep γ and β; convolution and
/// linear biases stay, squared in h; the gradient is multiplied by |θ|⁵. The gradient is summed over batches before its absolute value is
/// taken.
/// </para>
/// <para><b>Cost:</b> two forward passes and one backward pass of the pruning data a round.</para>
/// <para>
/// <b>Law:</b> none of the paper's: each filter before a batch norm is scale invariant in h, so that <c>Σ θ² ∂R/∂θ²</c> over it is zero.
/// Scores are not conserved over layers.
/// </para>
/// <para>
/// <b>Deviation:</b> norm parameters are never squared; the authors' code squares those whose name lacks "bn" (a fresh layer's γ = 1, β = 0
/// are their own squares). Every activation is the identity in h; the authors' ResNet-18 for Tiny-ImageNet keeps the last ReLU of every
/// block, which <see cref="KeepsFunctionalActivations"/> repeats for networks that call these as functions. The pruning data is fixed and
/// not augmented. Dropout is off while scoring.
/// </para>
/// <para><b>Source:</b> the first code of Iurada, Ciccone, Tommasi, CVPR 2024, <see href="https://arxiv.org/abs/2406.01820"/>.</para>
/// </remarks>
/// <example><code>using var result = new ReleasedPathExclusionPruner().Prune(model, loader, sparsity: 0.95);</code></example>
public sealed class ReleasedPathExclusionPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "PX (released 2024)";

    /// <summary>100, as in the paper.</summary>
    public override int DefaultRounds => 100;

    /// <summary>
    /// Whether activations that the network calls as functions stay in h, while those of modules become the identity. Default
    /// <see langword="false"/>: such a network causes an <see cref="UnsupportedModelException"/>.
    /// </summary>
    public bool KeepsFunctionalActivations { get; init; }

    internal override MethodNeeds Needs => new() { Data = true, Hooks = true };

    internal override IEnumerable<(string Name, string Value)> Settings =>
        [("functional_activations", KeepsFunctionalActivations ? "kept" : "refused")];

    internal override MethodRun Start(ScoringContext context) => new ReleasedPathExclusionRun(context, KeepsFunctionalActivations);
}

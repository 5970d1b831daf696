using Px.Pruning.Engine;
using Px.Pruning.Methods.PathExclusion;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>
/// PX as its authors' first public code computes it (April 2024): <c>S = |∂R/∂θ²| ⊙ |θ|⁵</c> with <c>R = Σₙ Σₖ fᵏ(xₙ) · hᵏ(xₙ; θ²)</c>. It
/// is not the paper's Eq. 9, which <see cref="PathExclusionPruner"/> computes; it is here so that published runs can be repeated.
/// </summary>
/// <remarks>
/// <para>
/// What departs from the paper: g is f itself, with its own weights and signs on the data as it is; h sees the data instead of ones; norm
/// layers of both normalise by their own batch and keep γ and β; conv and linear biases stay, squared in h; the weight of the gradient is
/// |θ|⁵. The gradient is summed over batches before its absolute value is taken.
/// </para>
/// <para><b>Cost:</b> two forward passes and one backward pass of the pruning data a round.</para>
/// <para>
/// <b>Law:</b> none of the paper's: each filter before a batch norm is scale invariant in h, so that <c>Σ θ² ∂R/∂θ²</c> over it is zero,
/// and scores rank what is left of terms that cancel. Scores are not conserved over layers.
/// </para>
/// <para>
/// <b>Deviation:</b> norm parameters are never squared; the authors' code decides by the parameter's name and squares those whose name
/// lacks "bn" (a fresh layer's γ = 1, β = 0 are their own squares). No activation is on in h, where the authors' copy of the ResNet-18 for
/// Tiny-ImageNet leaves the last ReLU of every block on; <see cref="KeepsFunctionalActivations"/> repeats that for a network that calls
/// these as functions. The pruning data is fixed and not augmented. Dropout is off while scoring.
/// </para>
/// <para>
/// <b>Source:</b> Iurada, Ciccone, Tommasi, CVPR 2024, <see href="https://arxiv.org/abs/2406.01820"/>, and the behaviour of its code as
/// first published.
/// </para>
/// </remarks>
public sealed class ReleasedPathExclusionPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "PX (released 2024)";

    /// <summary>100, as in the paper.</summary>
    public override int DefaultRounds => 100;

    /// <summary>
    /// Whether activations that the network calls as functions stay on in h, while those of modules become the identity. Default
    /// <see langword="false"/>: such a network is refused with an <see cref="UnsupportedModelException"/>.
    /// </summary>
    public bool KeepsFunctionalActivations { get; init; }

    internal override MethodNeeds Needs => new() { Data = true, Hooks = true };

    internal override IEnumerable<KeyValuePair<string, string>> Settings =>
        [KeyValuePair.Create("functional_activations", KeepsFunctionalActivations ? "kept" : "refused")];

    internal override MethodRun Start(ScoringContext context) => new ReleasedPathExclusionRun(context, KeepsFunctionalActivations);
}

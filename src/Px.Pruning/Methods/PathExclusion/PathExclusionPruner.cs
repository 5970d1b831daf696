using Px.Pruning.Engine;
using Px.Pruning.Methods.PathExclusion;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>
/// Path eXclusion (PX): <c>S = θ² ⊙ ∂R/∂θ²</c> with <c>R = Σₙ Σₖ gᵏ(xₙ², 1, aₙ) · hᵏ(1, θ², 1)</c>, an upper bound on the trace of the
/// Neural Tangent Kernel.
/// </summary>
/// <remarks>
/// <para>
/// f is the masked network. h is f with squared weights, squared frozen norm scales and every activation on, fed ones: the path kernel.
/// g is f with weights 1 and the activation pattern aₙ of f, fed x²: the path activations. Shifts and biases are dropped in g and h,
/// and every norm layer is the affine map of <see cref="NormStatistics"/>: s² in h, 1 in g.
/// </para>
/// <para>
/// <b>Gates:</b> g is gated wherever f's tensor at a module boundary came out of a ReLU, be that a module, a function or in place; by the
/// squared derivative for other activation modules. Max-pooling modules gather at f's argmax in g and take their own maximum in h.
/// A ReLU whose output reaches no module boundary before it is combined with something else is not seen.
/// </para>
/// <para>
/// <b>Cost:</b> a round is two forward passes of the pruning data without gradients, and a forward and backward pass of one sample in
/// float64: since h does not depend on the data, <c>Gᵏ = Σₙ gᵏ</c> is summed first.
/// </para>
/// <para>
/// <b>Law:</b> scores are not negative; for layers in series every layer's scores sum to R; scaling the input changes no rank. With
/// running statistics at initialisation, round 1 is proportional to SynFlow-L2.
/// </para>
/// <para>
/// <b>Deviation:</b> no version of the authors' public code computes Eq. 9; this follows the paper. Dropout is off while scoring.
/// </para>
/// <para><b>Source:</b> Iurada, Ciccone, Tommasi, CVPR 2024, Eq. 9, <see href="https://arxiv.org/abs/2406.01820"/>.</para>
/// </remarks>
public sealed class PathExclusionPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "PX";

    /// <summary>100, as in the paper.</summary>
    public override int DefaultRounds => 100;

    /// <summary>The bound R. Default <see cref="PxObjective.Decoupled"/>, the paper's.</summary>
    public PxObjective Objective { get; init; } = PxObjective.Decoupled;

    /// <summary>The factor in front of the gradient. Default <see cref="PxWeighting.Squared"/>, the paper's.</summary>
    public PxWeighting Weighting { get; init; } = PxWeighting.Squared;

    /// <summary>Where frozen norm scales come from. Default <see cref="NormStatistics.Auto"/>.</summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.Auto;

    internal override MethodNeeds Needs => new() { Data = true, Hooks = true };

    internal override IEnumerable<KeyValuePair<string, string>> Settings =>
    [
        KeyValuePair.Create("objective", Objective.ToString()),
        KeyValuePair.Create("weighting", Weighting.ToString()),
        KeyValuePair.Create("norm_statistics", NormStatistics.ToString()),
    ];

    internal override MethodRun Start(ScoringContext context) => new PathExclusionRun(context, this);
}

/// <summary>What <see cref="PathExclusionPruner"/> takes as its bound R.</summary>
public enum PxObjective
{
    /// <summary>The paper's Eq. 9: <c>R = Σₙ Σₖ gᵏ(xₙ², 1, aₙ) · hᵏ(1, θ², 1)</c>. Data weighs the outputs. The default.</summary>
    Decoupled,

    /// <summary>
    /// This library's own extension: <c>R = Σₙ Σₖ Σₚ aₚ(xₙ) x²ₙₛ vₚ²</c>, the trace of the Neural Tangent Kernel with its cross-path
    /// terms averaged out over weight signs. Data weighs every path.
    /// </summary>
    Joint,

    /// <summary>
    /// The paper's ablation without data: <c>R = Σₖ hᵏ(1, θ², 1)</c>, every Gᵏ being 1. With <see cref="NormStatistics.Running"/> this is
    /// <see cref="SynFlowL2Pruner"/>; otherwise the data still gives the norm scales.
    /// </summary>
    KernelOnly,
}

/// <summary>What <see cref="PathExclusionPruner"/> multiplies the gradient <c>∂R/∂θ²</c> by.</summary>
public enum PxWeighting
{
    /// <summary>θ², as Eq. 9 has it. The default.</summary>
    Squared,

    /// <summary>|θ|, as some implementations of SynFlow-L2 have it.</summary>
    Absolute,
}

using Px.Pruning.Engine;
using Px.Pruning.Methods.PathExclusion;

namespace Px.Pruning;

/// <summary>Path eXclusion (PX): scores weights by their effect on an upper bound of the trace of the Neural Tangent Kernel.</summary>
/// <remarks>
/// <para>
/// <c>S = θ² ⊙ ∂R/∂θ²</c> with the bound <c>R = Σₙ Σₖ gᵏ(xₙ², 1, aₙ) · hᵏ(1, θ², 1)</c>. f is the masked network. h is a copy of f with
/// squared weights in which every activation is the identity; on an all-ones input it sums the squared weights of all paths (the path
/// kernel). g is a copy of f with weights 1 and the activation pattern aₙ of f; on x² it sums the inputs of all active paths (the path
/// activations). Shifts and biases are dropped in g and h; every norm layer is the scale s² in h, from <see cref="NormStatistics"/>, and 1
/// in g.
/// </para>
/// <para>
/// <b>Gates:</b> g is gated wherever a tensor of f at a module boundary is the output of a ReLU (a module, a function or in place); other
/// activation modules gate by their squared derivative. Max-pooling modules use f's argmax in g and their own maximum in h. A network is
/// refused if gates cannot be found, because a ReLU's output is combined further before it reaches a module boundary.
/// </para>
/// <para>
/// <b>Factors (an extension of the paper):</b> a <c>Sigmoid</c>, <c>Hardsigmoid</c>, <c>Softmax</c> or <c>Tanh</c> module that multiplies
/// paths instead of lying on one (squeeze-excite, attention, gated linear units) is a constant of the sample: its square in g and in the
/// joint objective, 1 in h. Weights that feed only such factors lie on no path: they are kept, not ranked, and listed in
/// <see cref="PruningReport.GateWeights"/>. The same functions called as functions are refused.
/// </para>
/// <para>
/// <b>Cost:</b> two forward passes of the pruning data without gradients, and a forward and backward pass of one sample in float64 a round:
/// since h does not depend on the data, <c>Gᵏ = Σₙ gᵏ</c> is summed first.
/// </para>
/// <para>
/// <b>Law:</b> scores are not negative; for layers in series every layer's scores sum to R; scaling the input changes no rank. With
/// running statistics at initialisation, round 1 is proportional to SynFlow-L2.
/// </para>
/// <para><b>Deviation:</b> no version of the authors' code computes Eq. 9; this follows the paper. Dropout is off while scoring.</para>
/// <para><b>Source:</b> Iurada, Ciccone, Tommasi, CVPR 2024, Eq. 9, <see href="https://arxiv.org/abs/2406.01820"/>.</para>
/// </remarks>
/// <example><code>using var result = new PathExclusionPruner().Prune(model, loader, sparsity: 0.95);</code></example>
public sealed class PathExclusionPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "PX";

    /// <summary>100, as in the paper.</summary>
    public override int DefaultRounds => 100;

    /// <summary>Which bound R to differentiate. Default <see cref="PxObjective.Decoupled"/>, as in the paper.</summary>
    public PxObjective Objective { get; init; } = PxObjective.Decoupled;

    /// <summary>The factor that multiplies the gradient. Default <see cref="PxWeighting.Squared"/>, as in the paper.</summary>
    public PxWeighting Weighting { get; init; } = PxWeighting.Squared;

    /// <summary>Where norm layers take their statistics from. Default <see cref="NormStatistics.Auto"/>.</summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.Auto;

    internal override MethodNeeds Needs => new() { Data = true, Hooks = true };

    internal override IEnumerable<(string Name, string Value)> Settings =>
    [
        ("objective", Objective.ToString()),
        ("weighting", Weighting.ToString()),
        ("norm_statistics", NormStatistics.ToString()),
    ];

    internal override MethodRun Start(ScoringContext context) => new PathExclusionRun(context, this);
}

/// <summary>The bound R of a <see cref="PathExclusionPruner"/>.</summary>
public enum PxObjective
{
    /// <summary>The paper's Eq. 9: <c>R = Σₙ Σₖ gᵏ(xₙ², 1, aₙ) · hᵏ(1, θ², 1)</c>. Data weights the outputs. The default.</summary>
    Decoupled,

    /// <summary>
    /// This library's own extension: <c>R = Σₙ Σₖ Σₚ aₚ(xₙ) x²ₙₛ vₚ²</c>, the trace of the Neural Tangent Kernel with its cross-path terms
    /// averaged over weight signs. Data weights every path.
    /// </summary>
    Joint,

    /// <summary>
    /// The paper's ablation without data: <c>R = Σₖ hᵏ(1, θ², 1)</c>, that is, every Gᵏ = 1. With <see cref="NormStatistics.Running"/> this
    /// is <see cref="SynFlowL2Pruner"/>; otherwise the norm scales still depend on the data.
    /// </summary>
    KernelOnly,
}

/// <summary>The factor that multiplies the gradient <c>∂R/∂θ²</c> in a <see cref="PathExclusionPruner"/>.</summary>
public enum PxWeighting
{
    /// <summary>θ², as in Eq. 9. The default.</summary>
    Squared,

    /// <summary>|θ|, as in some implementations of SynFlow-L2.</summary>
    Absolute,
}

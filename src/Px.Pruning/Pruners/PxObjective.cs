namespace Px.Pruning;

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

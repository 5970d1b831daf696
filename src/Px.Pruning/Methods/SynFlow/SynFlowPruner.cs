using Px.Pruning.Engine;
using Px.Pruning.Methods.SynFlow;

namespace Px.Pruning;

/// <summary>SynFlow: scores weights without data, by the absolute values of the weights on all paths through them.</summary>
/// <remarks>
/// <para>
/// <c>S = |θ| ⊙ ∂R/∂|θ|</c> with <c>R = 1ᵀ (∏ₗ |θₗ|) 1</c>, the sum over all paths of the product of their weights. R is the sum of the
/// outputs for one all-ones input, with absolute weights, without biases and shifts. Every activation is the identity, each norm layer the
/// fixed scale <c>|γ|/√(running variance + ε)</c> (|γ| without running statistics). Max-pooling takes its own maximum.
/// </para>
/// <para><b>Cost:</b> one forward and one backward pass of a single sample in float64 a round; no data, only the shape of an input.</para>
/// <para>
/// <b>Law:</b> scores are not negative; for layers in series every layer's scores sum to R, so that no layer collapses before the others
/// (maximal critical compression). Residual branches beside a shortcut may collapse.
/// </para>
/// <para>
/// <b>Deviation:</b> float64 instead of float32, which ResNet-50 overflows, and a power of two taken out of R if float64 would overflow.
/// Biases and shifts are dropped as in the formula; the authors' code adds their absolute values.
/// </para>
/// <para><b>Source:</b> Tanaka et al., NeurIPS 2020, Eq. 2 and Algorithm 1, <see href="https://arxiv.org/abs/2006.05467"/>.</para>
/// </remarks>
/// <example><code>using var result = new SynFlowPruner().Prune(model, PruningData.Shape(3, 32, 32), sparsity: 0.95);</code></example>
public sealed class SynFlowPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "SynFlow";

    /// <summary>100, as in the paper.</summary>
    public override int DefaultRounds => 100;

    internal override MethodNeeds Needs => new() { Shape = true, Paths = true };

    internal override MethodRun Start(ScoringContext context) =>
        new SynFlowRun(context, power: 1, scaled: true, (weight, dR, _) => dR.mul_(weight));
}

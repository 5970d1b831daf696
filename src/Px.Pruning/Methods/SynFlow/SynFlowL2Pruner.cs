using Px.Pruning.Engine;
using Px.Pruning.Methods.SynFlow;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>SynFlow-L2: SynFlow with squared weights, which is PX without its data term.</summary>
/// <remarks>
/// <para>
/// <c>S = θ² ⊙ ∂R/∂θ²</c> with <c>R = 1ᵀ (∏ₗ θₗ²) 1</c>, the trace of the path kernel. Norm layers are the fixed scale
/// <c>γ²/(running variance + ε)</c>.
/// </para>
/// <para><b>Cost:</b> one forward and one backward pass of a single sample in float64 a round; no data, only the shape of an input.</para>
/// <para>
/// <b>Law:</b> scores are not negative; for layers in series every layer's scores sum to R. They are those of
/// <see cref="PathExclusionPruner"/> where all its path activations Gᵏ are 1.
/// </para>
/// <para><b>Deviation:</b> the factor is θ²; |θ|, as in PHEW's code and others, can be set by <see cref="Weighting"/>.</para>
/// <para>
/// <b>Source:</b> Gebhart, Saxena, Schrater, 2021, <see href="https://arxiv.org/abs/2101.10552"/>; Patil, Dovrolis, ICML 2021,
/// <see href="https://arxiv.org/abs/2010.11354"/>.
/// </para>
/// </remarks>
/// <example><code>using var result = new SynFlowL2Pruner().Prune(model, PruningData.Shape(3, 32, 32), sparsity: 0.95);</code></example>
public sealed class SynFlowL2Pruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "SynFlow-L2";

    /// <summary>100, as for SynFlow.</summary>
    public override int DefaultRounds => 100;

    /// <summary>The factor that multiplies the gradient. Default <see cref="PxWeighting.Squared"/>.</summary>
    public PxWeighting Weighting { get; init; } = PxWeighting.Squared;

    internal override MethodNeeds Needs => new() { Shape = true, Paths = true };

    internal override IEnumerable<(string Name, string Value)> Settings => [("weighting", Weighting.ToString())];

    internal override MethodRun Start(ScoringContext context) =>
        new SynFlowRun(context, power: 2, scaled: true, (weight, dR, _) => dR.mul_(Factor(weight)));

    private Tensor Factor(Tensor thetaSquared) => Weighting == PxWeighting.Squared ? thetaSquared : thetaSquared.sqrt();
}

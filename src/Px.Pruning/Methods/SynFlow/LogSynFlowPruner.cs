using Px.Pruning.Engine;
using Px.Pruning.Methods.SynFlow;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>LogSynFlow: SynFlow with the logarithm of the gradient and without norm layers.</summary>
/// <remarks>
/// <para><c>S = |θ| ⊙ ln(1 + ∂R/∂|θ|)</c> with SynFlow's <c>R = 1ᵀ (∏ₗ |θₗ|) 1</c>.</para>
/// <para><b>Cost:</b> one forward and one backward pass of a single sample in float64 a round; no data, only the shape of an input.</para>
/// <para><b>Law:</b> scores are not negative, and 0 exactly for weights on no path. Layer sums are not conserved.</para>
/// <para>
/// <b>Deviation:</b> its authors sum the scores to rate architectures; here they rank weights, in SynFlow's loop of 100 rounds. If the
/// gradient exceeds the range of float64, it is computed with a power of two taken out, which the logarithm adds back.
/// </para>
/// <para><b>Source:</b> Cavagnero et al., FreeREA, WACV 2023, <see href="https://arxiv.org/abs/2207.05135"/>.</para>
/// </remarks>
/// <example><code>using var result = new LogSynFlowPruner().Prune(model, PruningData.Shape(3, 32, 32), sparsity: 0.95);</code></example>
public sealed class LogSynFlowPruner : Pruner
{
    /// <inheritdoc/>
    public override string Name => "LogSynFlow";

    /// <summary>100, as for SynFlow.</summary>
    public override int DefaultRounds => 100;

    internal override MethodNeeds Needs => new() { Shape = true, Paths = true };

    internal override MethodRun Start(ScoringContext context) =>
        new SynFlowRun(context, power: 1, scaled: false, (weight, dR, exponent) => LogOnePlus(dR, exponent).mul_(weight))
        {
            ScoresIncludeExponent = true,
        };

    // ln(1 + dR · 2ᵉ), also where the product would overflow.
    private static Tensor LogOnePlus(Tensor dR, int exponent)
    {
        if (exponent == 0) return dR.log1p();
        // ln(1 + eˡ) = max(l, 0) + ln(1 + e^−|l|)
        var log = dR.log() + exponent * Math.Log(2);
        return log.clamp_min(0) + log.abs().neg().exp().log1p();
    }
}

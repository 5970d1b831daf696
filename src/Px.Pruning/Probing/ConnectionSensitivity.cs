using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>|θ ⊙ ∂L/∂θ|, the saliency that SNIP, IterSNIP and FORCE share.</summary>
internal static class ConnectionSensitivity
{
    /// <summary>The saliencies of the masked network, the gradient summed over the batches.</summary>
    /// <param name="context">Network, mask and data.</param>
    /// <param name="statistics">What norm layers take their statistics from.</param>
    /// <param name="dense">Whether pruned weights count with their own value and the gradient that they would have, instead of 0.</param>
    /// <returns>One tensor for each prunable slot, float64 on the CPU. Fresh.</returns>
    internal static IReadOnlyList<Tensor> Of(ScoringContext context, NormStatistics statistics, bool dense = false)
    {
        using var scope = NewDisposeScope();
        using var weights = new MaskedWeights(context.Network, context.Alive);
        using var unmasked = new MaskedWeights(context.Network, null);
        // Both before the weights are borrowed.
        var masked = weights.Thetas(context.Network);
        var factors = dense ? unmasked.Thetas(context.Network) : masked;
        using var function = WeightFunction.Of(context, statistics);
        function.Set(masked);
        var gradients = new LossDerivatives(context, function).Gradient(context.Batches);

        using var noGrad = no_grad();
        return [.. factors.Zip(gradients, (theta, dL) => (theta.to(float64) * dL.to(float64)).abs().cpu().MoveToOuterDisposeScope())];
    }
}

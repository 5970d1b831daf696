using Px.Pruning.Engine;
using Px.Pruning.Engine.Weights;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.Saliency;

// SNIP, IterSNIP and FORCE: |θ ⊙ ∂L/∂θ| of the masked network, the gradient summed over the batches. With dense (FORCE) a pruned weight is
// scored by its original value instead of 0; with alike each batch counts alike, instead of each sample.
internal sealed class SaliencyRun(ScoringContext context, NormStatistics statistics, bool dense = false, bool alike = false)
    : MethodRun(context)
{
    internal override RoundScores Score(ScoringRound round)
    {
        using var scope = NewDisposeScope();
        using var whole = new MaskedWeights(Network, null);
        // Read before the function changes the caller's parameters.
        var masked = round.Weights.Thetas();
        var factors = dense ? whole.Thetas() : masked;
        using var function = WeightFunction.Of(Context, statistics);
        function.Set(masked);
        var gradients = new LossDerivatives(Context, function).Gradient(Context.Batches, alike ? null : ShareOfLargest());

        using var noGrad = no_grad();
        return new(factors.Zip(gradients, (theta, dL) => (theta.to(float64) * dL.to(float64)).abs().cpu().MoveToOuterDisposeScope()));
    }

    // A batch's samples by those of the largest one: up to a factor the mean over all samples. Null where all are of one size.
    private Func<Inputs, double>? ShareOfLargest()
    {
        double most = Context.Batches.Max(batch => batch.Input.Samples);
        return Context.Batches.All(batch => batch.Input.Samples == most) ? null : input => input.Samples / most;
    }
}

using Px.Pruning.Engine;
using Px.Pruning.Engine.Weights;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.Saliency;

internal sealed class ProsPrRun(ScoringContext context, ProsPrPruner settings) : MethodRun(context)
{
    internal override RoundScores Score(ScoringRound round)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var mask = round.Weights;
        using var function = WeightFunction.Of(Context, settings.NormStatistics);
        var loss = new LossDerivatives(Context, function) { IsProven = round.Number > 1 };
        (Inputs Input, Tensor Target) Batch(int step) => Context.Batches[step % Context.Batches.Count];

        // w₀ … w_M:  vₜ₊₁ = μ vₜ + m ⊙ ∇L(wₜ),  wₜ₊₁ = wₜ − η vₜ₊₁
        int steps = settings.Steps;
        List<SlotTensors> w = [mask.Thetas()];
        SlotTensors? v = null;
        var kept = new Dictionary<int, DifferentiableGradient>();
        bool keeps = function.KeepsGraphs && Network.Speed.IsOn && !settings.FirstOrder;
        int firstKept = keeps ? steps - settings.KeptSteps : steps; // the step from which on graphs are kept
        for (int t = 0; t < steps; t++)
        {
            function.Set(w[t]);
            if (t >= firstKept) kept.Add(t, loss.Differentiate(Batch(t)));
            var g = mask.Mask(kept.TryGetValue(t, out var gradient) ? gradient.Values() : loss.Gradient([Batch(t)]));
            v = v is null ? g : v.Zip(g, (velocity, slope) => velocity * settings.Momentum + slope);
            w.Add(w[t].Zip(v, (weight, velocity) => weight - velocity * settings.LearningRate));
        }

        // Backwards: λ = ∂L(w_M)/∂wₜ, κ = ∂L(w_M)/∂vₜ₊₁
        function.Set(w[steps]);
        var lambda = loss.Gradient([Batch(steps)]);
        var kappa = lambda.Map((_, weight) => zeros_like(weight));
        for (int t = settings.FirstOrder ? -1 : steps - 1; t >= 0; t--)
        {
            kappa = kappa.Zip(lambda, (later, weight) => later * settings.Momentum - weight * settings.LearningRate);
            lambda = lambda.Zip(HessianProduct(t, mask.Mask(kappa)), (weight, product) => weight + product);
        }

        return new(w[0].Zip(lambda, (theta, dL) => (theta.to(float64) * dL.to(float64)).abs().cpu().MoveToOuterDisposeScope()));

        SlotTensors HessianProduct(int t, SlotTensors vector)
        {
            if (kept.TryGetValue(t, out var gradient))
            {
                using (gradient) return gradient.HessianProduct(vector);
            }

            function.Set(w[t]);
            return loss.HessianProduct(Batch(t), _ => vector);
        }
    }
}

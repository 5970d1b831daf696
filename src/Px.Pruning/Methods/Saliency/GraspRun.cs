using Px.Pruning.Engine;
using Px.Pruning.Engine.Weights;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.Saliency;

internal sealed class GraspRun(ScoringContext context, GraspPruner settings) : MethodRun(context)
{
    internal override RoundScores Score(ScoringRound round)
    {
        using var scope = NewDisposeScope();
        using var function = WeightFunction.Of(Context, settings.NormStatistics);
        var theta = round.Weights.Thetas();
        function.Set(theta);
        var loss = new LossDerivatives(Context, function, (output, target) => Context.Loss(output / settings.Temperature, target))
        {
            IsProven = round.Number > 1,
        };
        var Hg = HessianTimesGradient(round.Weights, loss);

        using var noGrad = no_grad();
        return new(theta.Zip(Hg, (w, h) => (w.to(float64) * h.to(float64)).cpu().MoveToOuterDisposeScope()));
    }

    // The graph of the last batch is used twice: for its part of g and, once g is complete, for its part of H g.
    private SlotTensors HessianTimesGradient(MaskedWeights weights, LossDerivatives loss)
    {
        double samples = Context.Batches.Sum(batch => (double)batch.Input.Samples);
        double Share(Inputs input) => input.Samples / samples;
        var (earlier, last) = (Context.Batches.SkipLast(1).ToList(), Context.Batches[^1]);

        SlotTensors? g = null;
        var early = loss.Gradient(earlier, Share);
        var Hg = loss.HessianProduct(last, own =>
        {
            using var noGrad = no_grad();
            return g = early.Zip(own, (a, b) => a + b).Map((slot, sum) => weights.Mask(slot, sum).MoveToOuterDisposeScope());
        }, Share(last.Input));
        foreach (var batch in earlier)
        {
            using var noGrad = no_grad();
            using var temporaries = NewDisposeScope();
            var part = loss.HessianProduct(batch, _ => g!, Share(batch.Input));
            foreach (var (slot, sum) in Hg) sum.add_(part[slot]);
        }

        return Hg;
    }
}

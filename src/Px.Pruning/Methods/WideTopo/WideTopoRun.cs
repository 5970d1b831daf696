using Px.Pruning.Engine;
using Px.Pruning.Engine.Weights;
using Px.Pruning.Masking;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.WideTopo;

internal sealed class WideTopoRun(ScoringContext context, WideTopoPruner settings) : MethodRun(context), IRestoringRun
{
    // Samples in the four passes of a difference. With constant norm statistics samples are independent, so that chunks only limit memory.
    private const long Chunk = 16;

    private readonly Func<string, long[], Tensor> draw = settings.Draws ?? ((name, shape) => SplitMix64.Normal(context.Seed, name, shape));

    internal override RoundScores Score(ScoringRound round)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var mask = round.Weights;
        var theta = mask.Thetas();
        using var function = WeightFunction.WithWatchedNorms(Network, settings.NormStatistics);
        var S = new SlotTensors(Network.Prunable, slot => zeros_like(slot.Weight, ScalarType.Float64));
        for (int batch = 0; batch < Context.Batches.Count; batch++)
        {
            Context.Token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            string at = $"{round.Number} {batch}";
            var (input, _) = Context.Batches[batch];
            function.Set(theta);
            function.FreezeNorms(input);
            if (settings.NtkWeight > 0)
                Add(S, settings.NtkWeight, TraceScores(function, mask, Context.Batches[batch], at, isProven: round.Number > 1));
            if (settings.AlignmentWeight > 0)
                Add(S, settings.AlignmentWeight, AlignmentScores(function, mask, theta, input, at));
        }

        double exponent = settings.DensityDecay * Compression(round.Alive);
        return new(S.Map((slot, s) => (exponent > 0 ? s.cpu() * MaskTopology.Decay(round.Alive![slot], exponent) : s.cpu())
            .MoveToOuterDisposeScope()));
    }

    public SlotTensors ScoreForRestoration(SlotTensors alive, int round, int step) => alive.Map((slot, kept) =>
        MaskTopology.Restoration(kept, shape => draw($"restoration {round} {step} {slot.Name}", shape)));

    // |θ ⊙ ∂t/∂θ| with t = ‖m ⊙ γ‖², where γ is the gradient of d = Σ c ⊙ f(x) and H its Hessian: ∂t/∂θ = 2 m ⊙ H (m ⊙ γ).
    private SlotTensors TraceScores(WeightFunction function, MaskedWeights mask, (Inputs, Tensor) batch, string at, bool isProven)
    {
        Tensor d(Tensor f, Tensor target) => (f * draw($"coefficients {at}", f.shape).to(f.dtype, f.device)).sum();
        var Hg = new LossDerivatives(Context, function, d) { IsProven = isProven }.HessianProduct(batch, mask.Mask);
        return function.Weights.Zip(Hg, (theta, h) => (2 * theta.detach().to(ScalarType.Float64) * h.to(ScalarType.Float64)).abs());
    }

    // |∂A/∂m| = |∂A/∂(θ ⊙ m) ⊙ θ + ∂A/∂((θ + δθ) ⊙ m) ⊙ (θ + δθ)|.
    private SlotTensors AlignmentScores(WeightFunction function, MaskedWeights mask, SlotTensors theta, Inputs input, string at)
    {
        double epsilon = settings.Perturbation;
        var moved = mask.Mask(theta.Map((slot, w) => w + Draw($"perturbation {at} {slot.Name}", w) * epsilon));
        var movedInput = Move(input, $"input {at}", epsilon);
        var changes = input.Split(Chunk).Zip(movedInput.Split(Chunk), Change);
        var (atTheta, atMoved) = OutputDistance.Differentiate(function, theta, moved, changes, Context.Token);
        return atTheta.Map((slot, dA) => mask.Mask(slot, (dA * theta[slot] + atMoved[slot] * moved[slot]) / (epsilon * epsilon)).abs());
    }

    // f(x + δx) − f(x) of some samples.
    private static Func<WeightFunction, Tensor> Change(Inputs input, Inputs moved) => function =>
    {
        var change = function.Run(moved) - function.Run(input);
        if (change.dtype == ScalarType.Float64) return change;
        throw new UnsupportedModelException(
            $"WideTopo scores by differences that only float64 resolves, but the model's own forward returns {change.dtype}. Let its "
            + "conversions follow their input, as y.to(x.dtype) does, or set AlignmentWeight to 0.");
    };

    // One draw for all inputs, as if they were one; what is no number stays.
    private Inputs Move(Inputs input, string name, double epsilon)
    {
        using var form = new SampleForm(input.Narrow(0, 1));
        var noise = form.Deal(draw(name, form.Shape(input.Samples)).to(Network.Device));
        return new([.. input.Tensors.Zip(noise.Tensors, (x, delta) => input.IsNumber(x) ? x + delta * epsilon : x.alias())]);
    }

    private Tensor Draw(string name, Tensor like) => draw(name, like.shape).to(like.device);

    private static void Add(SlotTensors sums, double weight, SlotTensors scores)
    {
        foreach (var (slot, sum) in sums) sum.add_(scores[slot], alpha: weight);
    }

    // C = −log₁₀ of the density.
    private static double Compression(SlotTensors? alive)
    {
        if (alive is null) return 0;
        double kept = alive.Sum(entry => MaskTensors.CountTrue(entry.Value)), total = alive.Sum(entry => entry.Value.numel());
        return -Math.Log10(kept / total);
    }
}

using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.SynFlow;

// SynFlow and its relatives: the sum over all paths of their weights, R = 1ᵀ f(1; |θ|ᵖ), differentiated by |θ|ᵖ. Biases and norm shifts are
// dropped, norm layers are fixed scales, every activation is on. All in float64, and for networks that float64 could not hold with a power
// of two taken out of the input and another one out of the output, which scales every path alike.
// power: p, 1 or 2. scaled: whether norm layers scale by (|γ|/√(running variance + ε))ᵖ, or are the identity.
// score: makes a layer's scores of |θ|ᵖ ⊙ m, borrowed, its own ∂R/∂|θ|ᵖ, which it may write to, and the power of two that was taken out of
// R.
internal sealed class SynFlowRun(ScoringContext context, int power, bool scaled, Func<Tensor, Tensor, int, Tensor> score)
    : MethodRun(context)
{
    // A flow as faint as this loses digits below float64's normal range; there is this much room above.
    private const double Faint = 1e-200;
    private const int Room = 450;

    private readonly Dictionary<(NormLayer Layer, long Dimensions), Tensor> scales = [];
    private double? growth; // log₂ of the largest value in the unpruned network of paths

    // Whether the scores take the power of two in, as a logarithm can.
    internal bool TakesExponentIn { get; init; }

    internal override RoundScores Score(ScoringRound round)
    {
        using var scope = NewDisposeScope();
        var (weights, dR, exponent) = Network.Unhooked.Count == 0 ? Differentiate(round.Weights)
            : BorrowedFlow.Differentiate(Network, round.Weights, power, scaled);
        var scores = weights.Zip(dR, (weight, gradient) => score(weight, gradient, exponent).cpu().MoveToOuterDisposeScope());
        return new(scores, TakesExponentIn ? 0 : exponent);
    }

    public override void Dispose()
    {
        foreach (var scale in scales.Values) scale.Dispose();
        base.Dispose();
    }

    private (SlotTensors Weights, SlotTensors dR, int Exponent) Differentiate(MaskedWeights weights)
    {
        Func<WeightSlot, ScalarType, Tensor> kind = power == 1 ? weights.AbsoluteTheta : weights.SquaredTheta;
        if (growth is null) PathLinearity.Check(Network, weights.SquaredTheta);
        // A mask only takes paths away: the first round's bound holds for all.
        double bound = growth ??= PathRange.Growth(Network, kind, ownsWeights: true, scaled ? Scale : null);
        var leaves = weights.Leaves(kind, ScalarType.Float64);
        int exponent = PathRange.Choose(bound, ScalarType.Float64).Exponent;
        var (flow, R) = Backward(leaves, exponent);
        if (exponent == 0 && bound < Room && R < Faint) (flow, _) = Backward(leaves, exponent = -Room);
        return (new SlotTensors(Network.Prunable, slot => leaves[slot].detach()), flow, 2 * exponent);
    }

    private (SlotTensors dR, double R) Backward(SlotTensors leaves, int shift)
    {
        using var grad = enable_grad();
        var evaluation = new PathEvaluation { Weight = (slot, _) => leaves[slot], Scale = scaled ? Scale : null };
        using var input = full([1, .. Network.SampleShape!], Math.ScaleB(1, -shift), ScalarType.Float64, Network.Device);
        using var output = Network.Run(evaluation, input);
        using var sum = output.sum() * Math.ScaleB(1, -shift);
        // Nothing flows through a network that is cut in two: every gradient is zero.
        if (sum.requires_grad) autograd.backward([sum], inputs: [.. Network.Prunable.Select(slot => leaves[slot])]);
        using var noGrad = no_grad();
        return (new SlotTensors(Network.Prunable, slot => WeightFunction.TakeGradient(leaves[slot])), sum.ToDouble());
    }

    // The same in every round: kept for the call.
    private Tensor Scale(NormLayer norm, long dimensions)
    {
        if (scales.TryGetValue((norm, dimensions), out var scale)) return scale.alias();
        using var noGrad = no_grad();
        using var squared = norm.SquaredScale(null, dimensions);
        scale = (power == 2 ? squared.alias() : squared.sqrt()).DetachFromDisposeScope();
        scales.Add((norm, dimensions), scale);
        return scale.alias();
    }
}

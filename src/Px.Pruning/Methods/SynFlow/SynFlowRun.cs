using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.SynFlow;

// SynFlow and its variants: R = 1ᵀ f(1; |θ|ᵖ), the sum over all paths, differentiated by |θ|ᵖ. Biases and norm shifts are dropped, every
// activation is the identity. All in float64; networks that exceed its range are computed with a power of two taken out of the input and
// another out of the output, which scales every path alike.
// power: p, 1 or 2. scaled: whether norm layers scale by (|γ|/√(running variance + ε))ᵖ, or are the identity.
// score: (|θ|ᵖ ⊙ m, borrowed; ∂R/∂|θ|ᵖ, which it may overwrite; the power of two taken out of R) to a layer's scores.
internal sealed class SynFlowRun(ScoringContext context, int power, bool scaled, Func<Tensor, Tensor, int, Tensor> score)
    : MethodRun(context)
{
    // A smaller R loses digits below float64's normal range. It is then computed 2 × 450 powers of two larger, if the bound allows.
    private const double SmallestR = 1e-200;
    private const int Headroom = 450;

    private readonly Dictionary<(NormLayer Layer, long Dimensions), Tensor> scales = [];
    private double? growth; // log₂ of the largest value that a path can reach in the unpruned network

    // Whether score includes the power of two, as a logarithm can.
    internal bool ScoresIncludeExponent { get; init; }

    internal override RoundScores Score(ScoringRound round)
    {
        using var scope = NewDisposeScope();
        var (weights, dR, exponent) = Network.Unhooked.Count == 0 ? Differentiate(round.Weights)
            : BorrowedFlow.Differentiate(Network, round.Weights, power, scaled);
        var scores = weights.Zip(dR, (weight, gradient) => score(weight, gradient, exponent).cpu().MoveToOuterDisposeScope());
        return new(scores, ScoresIncludeExponent ? 0 : exponent);
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
        // Masks only remove paths, so that the first round's bound holds for all rounds.
        double bound = growth ??= PathRange.Growth(Network, kind, ownsWeights: true, scaled ? Scale : null, power);
        var leaves = weights.Leaves(kind, ScalarType.Float64);
        int exponent = PathRange.Choose(bound, ScalarType.Float64).Exponent;
        var (flow, R) = Flow(leaves, exponent);
        if (exponent == 0 && bound < Headroom && R < SmallestR) (flow, _) = Flow(leaves, exponent = -Headroom);
        return (new SlotTensors(Network.Prunable, slot => leaves[slot].detach()), flow, 2 * exponent);
    }

    private (SlotTensors dR, double R) Flow(SlotTensors leaves, int shift)
    {
        using var grad = enable_grad();
        var evaluation = new PathEvaluation { Weight = (slot, _) => leaves[slot], Scale = scaled ? Scale : null, RawPower = power };
        using var input = Network.Sample!.Full(Math.ScaleB(1, -shift), ScalarType.Float64, Network.Device);
        using var output = Network.Run(evaluation, input);
        using var sum = output.sum() * Math.ScaleB(1, -shift);
        Backward(sum, leaves);
        using var noGrad = no_grad();
        return (new SlotTensors(Network.Prunable, slot => WeightFunction.TakeGradient(leaves[slot])), sum.ToDouble());
    }

    // Cached: the same in every round.
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

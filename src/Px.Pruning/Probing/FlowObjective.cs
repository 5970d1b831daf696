using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>What flows through the network from a single input of ones: <c>R = 1ᵀ f(1; |θ|ᵖ)</c>, the sum over all paths of their weights.</summary>
/// <remarks>
/// Biases and norm shifts are dropped, norm layers are fixed scales, every activation is on. All in float64, and for networks that float64
/// could not hold with a power of two taken out of the input and another one out of the output, which scales every path alike.
/// </remarks>
internal static class FlowObjective
{
    // A flow as faint as this is losing digits below float64's normal range; there is this much room above.
    private const double Faint = 1e-200;
    private const int Room = 450;

    /// <summary>A method's scores: one tensor for each prunable slot, float64 on the CPU, in the current dispose scope, and the power of two that was taken out of R.</summary>
    /// <param name="context">Network and mask, which from round to round only takes weights away; no data.</param>
    /// <param name="power">p: 1 or 2.</param>
    /// <param name="scaled">Whether norm layers scale by <c>(|γ|/√(running variance + ε))ᵖ</c>, or are the identity.</param>
    /// <param name="score">Makes a layer's scores of <c>|θ|ᵖ ⊙ m</c>, borrowed, its own <c>∂R/∂|θ|ᵖ</c>, which it may write to, and that power of two.</param>
    internal static (IReadOnlyList<Tensor> Scores, int Exponent) Score(
        ScoringContext context, int power, bool scaled, Func<Tensor, Tensor, int, Tensor> score)
    {
        using var scope = NewDisposeScope();
        var (flow, exponent) = context.Network.Silent.Count == 0
            ? Differentiate(context, power, scaled ? (norm, dimensions) => Scale(context, norm, dimensions, power) : null)
            : BorrowedFlow.Differentiate(context, power, scaled);
        return ([.. flow.Select(layer => score(layer.Weight, layer.dR, exponent).cpu().MoveToOuterDisposeScope())], exponent);
    }

    private static (IReadOnlyList<(Tensor Weight, Tensor dR)> Flow, int Exponent) Differentiate(
        ScoringContext context, int power, Func<NormLayer, long, Tensor>? scale)
    {
        var network = context.Network;
        using var weights = new MaskedWeights(network, context.Alive);
        Func<int, ScalarType, Tensor> kind = power == 1 ? weights.AbsoluteTheta : weights.SquaredTheta;
        if (context.Round == 1) PathLinearity.Check(network, weights.SquaredTheta, network.SampleShape!);
        // A mask only takes paths away: the first round's bound holds for all.
        double growth = context.Growth ??= PathRange.Growth(network, network.SampleShape!, kind, ownsWeights: true, scale);
        var leaves = weights.Leaves(kind, ScalarType.Float64);
        int exponent = PathRange.Choose(growth, ScalarType.Float64).Exponent;
        var (flow, R) = Run(network, leaves, scale, exponent);
        if (exponent == 0 && growth < Room && R < Faint) (flow, _) = Run(network, leaves, scale, exponent = -Room);
        return (flow, 2 * exponent);
    }

    private static (IReadOnlyList<(Tensor Weight, Tensor dR)> Flow, double R) Run(
        Network network, Tensor[] leaves, Func<NormLayer, long, Tensor>? scale, int shift)
    {
        using var grad = enable_grad();
        var evaluation = new PathEvaluation { Weight = (slot, _) => leaves[slot], Scale = scale };
        using var input = full([1, .. network.SampleShape!], Math.ScaleB(1, -shift), ScalarType.Float64, network.Device);
        using var output = network.Run(evaluation, input);
        using var sum = output.sum() * Math.ScaleB(1, -shift);
        var ranked = network.Prunable.Select(slot => leaves[slot.Index]).ToList();
        // Nothing flows through a network that is cut in two: every gradient is zero.
        if (sum.requires_grad) autograd.backward([sum], inputs: ranked);
        using var noGrad = no_grad();
        return ([.. ranked.Select(leaf => (leaf.detach(), WeightFunction.TakeGradient(leaf)))], sum.ToDouble());
    }

    private static Tensor Scale(ScoringContext context, NormLayer norm, long dimensions, int power)
    {
        if (context.Scales.TryGetValue((norm, dimensions), out var scale)) return scale.alias();
        using var noGrad = no_grad();
        using var squared = norm.SquaredScale(null, dimensions);
        scale = (power == 2 ? squared.alias() : squared.sqrt()).DetachFromDisposeScope();
        context.Scales.Add((norm, dimensions), scale);
        return scale.alias();
    }
}

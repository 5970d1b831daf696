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

    /// <summary><c>|θ|ᵖ ⊙ m</c> of every prunable slot with <c>∂R/∂|θ|ᵖ</c>, and the power of two that was taken out of R. Fresh: may be written to.</summary>
    /// <param name="context">Network and mask; no data.</param>
    /// <param name="power">p: 1 or 2.</param>
    /// <param name="scaled">Whether norm layers scale by <c>(|γ|/√(running variance + ε))ᵖ</c>, or are the identity.</param>
    internal static (IReadOnlyList<(Tensor Weight, Tensor dR)> Flow, int Exponent) Differentiate(ScoringContext context, int power, bool scaled) =>
        context.Network.Silent.Count == 0 ? Substituted(context, power, scaled) : BorrowedFlow.Differentiate(context, power, scaled);

    private static (IReadOnlyList<(Tensor, Tensor)>, int) Substituted(ScoringContext context, int power, bool scaled)
    {
        var network = context.Network;
        using var weights = new MaskedWeights(network, context.Alive);
        using var serial = network.ForOneSample();
        if (context.Round == 1) PathLinearity.Check(network, weights.SquaredTheta, network.SampleShape!);

        Func<int, ScalarType, Tensor> kind = power == 1 ? weights.AbsoluteTheta : weights.SquaredTheta;
        Func<NormLayer, long, Tensor>? scale = scaled ? (norm, dimensions) => Scale(norm, dimensions, power) : null;
        // A mask only takes paths away: the first round's bound holds for all.
        double growth = context.Growth ??= PathRange.Growth(network, network.SampleShape!, kind, ownsWeights: true, scale);

        int exponent = PathRange.Choose(growth, ScalarType.Float64).Exponent;
        var (flow, R) = Run(exponent);
        if (exponent == 0 && growth < Room && R < Faint) (flow, _) = Run(exponent = -Room);
        return (flow, 2 * exponent);

        (IReadOnlyList<(Tensor, Tensor)> Flow, double R) Run(int shift)
        {
            using var grad = enable_grad();
            var leaves = weights.Leaves(kind, ScalarType.Float64);
            var evaluation = new PathEvaluation { Weight = (slot, _) => leaves[slot], Scale = scale };
            using var input = full([1, .. network.SampleShape!], Math.ScaleB(1, -shift), ScalarType.Float64, network.Device);
            using var output = network.Run(evaluation, input);
            using var sum = output.sum() * Math.ScaleB(1, -shift);
            var ranked = network.Prunable.Select(slot => leaves[slot.Index]).ToList();
            // Nothing flows through a network that is cut in two: every gradient is zero.
            if (sum.requires_grad) autograd.backward([sum], inputs: ranked);
            using var noGrad = no_grad();
            return ([.. ranked.Select(leaf => (leaf.detach(), leaf.grad ?? zeros_like(leaf)))], sum.ToDouble());
        }
    }

    private static Tensor Scale(NormLayer norm, long dimensions, int power)
    {
        var squared = norm.SquaredScale(null, dimensions);
        if (power == 2) return squared;
        using (squared) return squared.sqrt();
    }
}

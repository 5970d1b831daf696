using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>What flows through the network from a single input of ones: <c>R = 1ᵀ f(1; |θ|ᵖ)</c>, the sum over all paths of their weights.</summary>
/// <remarks>
/// Biases and norm shifts are dropped, norm layers are fixed scales, every activation is on. All in float64, and for networks that float64
/// could not hold with a power of two taken out of the input and another one out of the output, which scales every path alike.
/// </remarks>
internal sealed class FlowObjective : IDisposable
{
    // A flow as faint as this is losing digits below float64's normal range; there is this much room above.
    private const double Faint = 1e-200;
    private const int Room = 450;

    private readonly Network network;
    private readonly int power;
    private readonly bool scaled;
    private readonly Dictionary<(NormLayer Norm, long Dimensions), Tensor> scales = [];
    private Tensor[] leaves = [];
    private double growth;
    private HashSet<NormLayer>? folded; // null where all are as the network has them

    private FlowObjective(Network network, int power, bool scaled) => (this.network, this.power, this.scaled) = (network, power, scaled);

    /// <summary>A method's scores: one tensor for each prunable slot, float64 on the CPU, in the current dispose scope, and the power of two that was taken out of R.</summary>
    /// <param name="context">Network and mask, which from round to round only takes weights away; no data.</param>
    /// <param name="power">p: 1 or 2.</param>
    /// <param name="scaled">Whether norm layers scale by <c>(|γ|/√(running variance + ε))ᵖ</c>, or are the identity.</param>
    /// <param name="score">Makes a layer's scores of <c>|θ|ᵖ ⊙ m</c>, borrowed, its own <c>∂R/∂|θ|ᵖ</c>, which it may write to, and that power of two.</param>
    /// <param name="isProduct">Whether the scores are the product of the two, so that a factor may be in the one instead of the other.</param>
    internal static (IReadOnlyList<Tensor> Scores, int Exponent) Score(
        ScoringContext context, int power, bool scaled, Func<Tensor, Tensor, int, Tensor> score, bool isProduct)
    {
        // All of it: threads that one operator wakes go on spinning for milliseconds, at the expense of what runs on one.
        context.StayOnOneThread();
        using var scope = NewDisposeScope();
        var (flow, exponent) = context.Network.Silent.Count == 0
            ? (context.Flow ??= new(context.Network, power, scaled)).Differentiate(context, isProduct)
            : BorrowedFlow.Differentiate(context, power, scaled);
        return ([.. flow.Select(layer => score(layer.Weight, layer.dR, exponent).cpu().MoveToOuterDisposeScope())], exponent);
    }

    public void Dispose()
    {
        foreach (var tensor in leaves.Concat(scales.Values)) tensor.Dispose();
    }

    private (IReadOnlyList<(Tensor Weight, Tensor dR)> Flow, int Exponent) Differentiate(ScoringContext context, bool isProduct)
    {
        if (leaves.Length == 0) Prepare(context, isProduct);
        else Remove(context.Alive!);
        // A mask only takes paths away: the first round's bound holds for all.
        int exponent = PathRange.Choose(growth, ScalarType.Float64).Exponent;
        var (flow, R) = Run(context, exponent);
        if (exponent == 0 && growth < Room && R < Faint) (flow, _) = Run(context, exponent = -Room);
        return (flow, 2 * exponent);
    }

    private void Prepare(ScoringContext context, bool isProduct)
    {
        using var weights = new MaskedWeights(network, context.Alive);
        PathLinearity.Check(network, weights.SquaredTheta, network.SampleShape!);
        Func<int, ScalarType, Tensor> kind = power == 1 ? weights.AbsoluteTheta : weights.SquaredTheta;
        growth = PathRange.Growth(network, network.SampleShape!, kind, ownsWeights: true, scaled ? Scale : null, context.Interiors);
        MakeLeaves();
        // For one round it costs more than it saves. A network that float64 hardly holds keeps its factors where they are.
        if (Off.Is("folding") || !isProduct || !scaled || context.Rounds == 1 || Math.Abs(growth) > Room) return;
        folded = NormFolding.Fold(network, leaves, Scale, context.Interiors);
        if (folded is null) MakeLeaves();

        void MakeLeaves()
        {
            foreach (var leaf in leaves) leaf.Dispose();
            leaves = [.. weights.Leaves(kind, ScalarType.Float64).Select(leaf => leaf.DetachFromDisposeScope())];
        }
    }

    private void Remove(IReadOnlyList<Tensor> alive)
    {
        using var noGrad = no_grad();
        foreach (var (slot, kept) in network.Prunable.Zip(alive))
        {
            using var onDevice = kept.to(network.Device);
            leaves[slot.Index].mul_(onDevice);
        }
    }

    private (IReadOnlyList<(Tensor Weight, Tensor dR)> Flow, double R) Run(ScoringContext context, int shift)
    {
        using var grad = enable_grad();
        var evaluation = new PathEvaluation
        {
            Weight = (slot, _) => leaves[slot],
            Scale = scaled ? (norm, dimensions) => folded?.Contains(norm) == true ? null : Scale(norm, dimensions) : null,
            Interiors = context.Interiors,
            Aliases = folded is not null,
        };
        using var input = full([1, .. network.SampleShape!], Math.ScaleB(1, -shift), ScalarType.Float64, network.Device);
        using var output = network.Run(evaluation, input);
        using var sum = output.sum() * Math.ScaleB(1, -shift);
        var ranked = network.Prunable.Select(slot => leaves[slot.Index]).ToList();
        // Nothing flows through a network that is cut in two: every gradient is zero.
        if (sum.requires_grad) autograd.backward([sum], inputs: ranked);
        using var noGrad = no_grad();
        return ([.. ranked.Select(leaf => (leaf.detach(), WeightFunction.TakeGradient(leaf)))], sum.ToDouble());
    }

    private Tensor Scale(NormLayer norm, long dimensions)
    {
        if (!scales.TryGetValue((norm, dimensions), out var scale))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var squared = norm.SquaredScale(null, dimensions);
            scale = (power == 2 ? squared : squared.sqrt()).DetachFromDisposeScope();
            scales.Add((norm, dimensions), scale);
        }

        return scale.alias();
    }
}

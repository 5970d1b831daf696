using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.SynFlow;

// SynFlow for networks whose layers hooks cannot reach: the caller's own parameters hold |θ|ᵖ during one pass and are restored exactly.
internal static class BorrowedFlow
{
    internal static (SlotTensors Weights, SlotTensors dR, int Exponent) Differentiate(
        Network network, MaskedWeights weights, int power, bool scaled)
    {
        using var found = new SavedTensors();
        using var gradients = new BorrowedGradients(network.Prunable.Select(slot => slot.Weight));
        using (no_grad()) Substitute(network, weights, found, power, scaled);
        RawRoles.Require(network);
        using var lent = network.Raw.Lend(raw => raw.OnPaths(power, network.WeightType));

        // The pass runs in the model's own type; a smaller input keeps it in range.
        for (int exponent = 0; exponent <= 120; exponent += 20)
        {
            using var grad = enable_grad();
            var input = network.Sample!.Full(Math.ScaleB(1, -exponent), network.WeightType, network.Device);
            var R = network.Call(input).sum();
            if (!double.IsFinite(R.to(ScalarType.Float64).ToDouble())) continue;
            if (R.requires_grad) autograd.backward([R], inputs: [.. network.Prunable.Select(slot => slot.Weight)]);
            using var noGrad = no_grad();
            return (
                new SlotTensors(network.Prunable, slot => slot.Weight.detach().to(ScalarType.Float64, copy: true)),
                new SlotTensors(network.Prunable, slot =>
                    (slot.Weight.grad ?? zeros_like(slot.Weight)).to(ScalarType.Float64, copy: true)),
                exponent);
        }

        throw new NonFiniteScoreException(
            $"The flow through this network does not fit into {network.WeightType}. Convert the model to float64 for pruning, or call its "
            + $"layers through call() instead of forward() ('{network.Unhooked[0]}' is the first), so that they can be scored in float64.");
    }

    private static void Substitute(Network network, MaskedWeights weights, SavedTensors found, int power, bool scaled)
    {
        foreach (var slot in network.Slots)
        {
            using var value = power == 1 ? weights.AbsoluteTheta(slot, ScalarType.Float64) : weights.SquaredTheta(slot, ScalarType.Float64);
            found.Save(slot.Weight).copy_(value);
        }

        foreach (var hooked in network.Modules)
        {
            if (hooked.Weighted?.Bias is { } bias) found.Save(bias).fill_(0);
            if (hooked.IsOtherActivation || hooked.MayGate) throw Refuse(hooked, "its activation");
            if (hooked.Norm is { } norm) Freeze(hooked, norm, found, power, scaled);
        }
    }

    // Sets statistics and parameters so that in evaluation mode the layer is the fixed scale, without mean and shift.
    private static void Freeze(HookedModule hooked, NormLayer norm, SavedTensors found, int power, bool scaled)
    {
        if (norm.RunningMean is not { } mean || norm.RunningVariance is not { } variance)
            throw Refuse(hooked, "a normalisation that goes by each sample");
        if (scaled && power == 2)
        {
            // γ²/(v + ε) = γ'/√(v' + ε) with γ' = γ² and v' = (v + ε)² − ε
            using var squared = (variance + norm.Epsilon).square() - norm.Epsilon;
            found.Save(variance).copy_(squared);
        }
        else if (!scaled)
        {
            found.Save(variance).fill_(1 - norm.Epsilon);
        }

        found.Save(mean).fill_(0);
        if (norm.Beta is { } beta) found.Save(beta).fill_(0);
        if (norm.Gamma is not { } gamma) return;
        using var value = !scaled ? ones_like(gamma) : power == 1 ? gamma.abs() : gamma.square();
        found.Save(gamma).copy_(value);
    }

    private static UnsupportedModelException Refuse(HookedModule hooked, string what) => new(
        $"'{hooked.Name}' is reached by forward(), which runs no hooks, and {what} is no fixed scale. "
        + "Call the layers through call() in the model's own forward: conv1.call(x) instead of conv1.forward(x).")
    { Module = hooked.Name };
}

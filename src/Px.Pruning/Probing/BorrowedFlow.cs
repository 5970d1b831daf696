using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// <see cref="FlowObjective"/> for networks whose layers no hook can see: the caller's own parameters hold |θ|ᵖ for the time of one
/// pass, and every bit is put back.
/// </summary>
internal static class BorrowedFlow
{
    internal static (IReadOnlyList<(Tensor Weight, Tensor dR)> Flow, int Exponent) Differentiate(ScoringContext context, int power, bool scaled)
    {
        var network = context.Network;
        using var found = new SavedTensors();
        using var gradients = new BorrowedGradients(network.Prunable.Select(slot => slot.Layer.Weight).DistinctBy(weight => weight.Handle));
        using var weights = new MaskedWeights(network, context.Alive);
        using (no_grad()) Substitute(network, weights, found, power, scaled);

        // The pass runs in the model's own type: a power of two out of the input keeps it in range.
        for (int exponent = 0; exponent <= 120; exponent += 20)
        {
            using var grad = enable_grad();
            var dtype = network.Slots[0].Layer.Weight.dtype;
            var R = network.Model.call(full([1, .. network.SampleShape!], Math.ScaleB(1, -exponent), dtype, network.Device)).sum();
            if (!double.IsFinite(R.to(ScalarType.Float64).ToDouble())) continue;
            var ranked = network.Prunable.Select(slot => (Tensor)slot.Layer.Weight).ToList();
            if (R.requires_grad) autograd.backward([R], inputs: ranked);
            using var noGrad = no_grad();
            return ([.. ranked.Select(weight => (weight.detach().to(ScalarType.Float64, copy: true), (weight.grad ?? zeros_like(weight)).to(ScalarType.Float64, copy: true)))], exponent);
        }

        throw new NonFiniteScoreException(
            $"The flow through this network does not fit into {network.Slots[0].Layer.Weight.dtype}. Convert the model to float64 for pruning, or call its "
            + $"layers through call() instead of forward() ('{network.Silent[0]}' is the first), so that they can be scored in float64.");
    }

    private static void Substitute(Network network, MaskedWeights weights, SavedTensors found, int power, bool scaled)
    {
        foreach (var slot in network.Slots)
        {
            using var value = power == 1 ? weights.AbsoluteTheta(slot.Index, ScalarType.Float64) : weights.SquaredTheta(slot.Index, ScalarType.Float64);
            found.Save(slot.Layer.Weight).copy_(value);
        }

        foreach (var site in network.Sites)
        {
            if (site.Weighted?.Bias is { } bias) found.Save(bias).fill_(0);
            if (site.IsSmoothActivation) throw Refuse(site, "its activation");
            if (site.Norm is { } norm) Freeze(site, norm, found, power, scaled);
        }
    }

    /// <summary>In evaluation mode: mean 0, no shift, and a γ that makes the layer the wanted scale.</summary>
    private static void Freeze(Site site, NormLayer norm, SavedTensors found, int power, bool scaled)
    {
        if (norm.RunningMean is not { } mean || norm.RunningVariance is not { } variance) throw Refuse(site, "a normalisation that goes by each sample");
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

    private static UnsupportedModelException Refuse(Site site, string what) => new(
        $"'{site.Name}' is reached by forward(), which runs no hooks, and {what} is no fixed scale. "
        + "Call the layers through call() in the model's own forward: conv1.call(x) instead of conv1.forward(x).")
    { Module = site.Name };
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Weights;

// The caller's own parameters with other values, for networks whose layers no hook can see and for parameters that are no layer's weight.
// Disposing it puts back every weight, gradient, flag, buffer and mode, bit for bit.
internal sealed class BorrowedWeights : WeightFunction
{
    private readonly SavedTensors found = new();
    private readonly List<(NormBase Norm, double? Momentum)> momenta = [];
    private readonly BorrowedGradients gradients;
    private readonly SlotTensors weights;
    private readonly List<HookedModule> norms = []; // those that take statistics from the data

    // Without statistics norm layers are as newly made, see WithFreshNorms. freezes: they keep those of FreezeNorms.
    internal BorrowedWeights(Network network, NormStatistics? statistics, bool freezes = false) : base(network)
    {
        weights = new SlotTensors(network.Prunable, slot => slot.Weight);
        gradients = new BorrowedGradients(network.Prunable.Select(slot => slot.Weight));
        try
        {
            using var noGrad = no_grad();
            foreach (var weight in weights.Values) found.Save(weight);
            norms.AddRange(network.Modules.Where(
                hooked => hooked.Norm is { } norm && (statistics is null || norm.UsesBatch(statistics.Value))));
            foreach (var hooked in norms) Borrow(hooked, fresh: statistics is null, freezes);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal override SlotTensors Weights => weights;

    internal override bool KeepsGraphs => false;

    internal override void Set(SlotTensors values)
    {
        using var noGrad = no_grad();
        foreach (var (slot, value) in values) weights[slot].copy_(value);
    }

    internal override Tensor Run(Inputs input) => Network.Call(input.To(Network.WeightType));

    internal override void FreezeNorms(Inputs input)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var hooked in norms)
        {
            // ModelSnapshot puts the mode back.
            hooked.Module.train();
            if (hooked.Module is NormBase norm) norm.momentum = 1;
        }

        Run(input);
        foreach (var hooked in norms) hooked.Module.eval();
    }

    public override void Dispose()
    {
        found.Dispose();
        foreach (var (norm, momentum) in momenta) norm.momentum = momentum;
        gradients.Dispose();
    }

    private void Borrow(HookedModule hooked, bool fresh, bool freezes)
    {
        var norm = hooked.Norm!;
        foreach (var buffer in new[] { norm.RunningMean, norm.RunningVariance, norm.BatchesTracked })
            if (buffer is not null) found.Save(buffer);
        if (!fresh && !freezes)
        {
            hooked.Module.train();
            return;
        }

        if (hooked.Module is NormBase module) momenta.Add((module, module.momentum));
        if (!fresh) return;
        if (norm.Gamma is { } gamma) found.Save(gamma).fill_(1);
        if (norm.Beta is { } beta) found.Save(beta).fill_(0);
    }
}

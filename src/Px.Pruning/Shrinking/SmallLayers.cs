using Px.Pruning.Probing;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Shrinking;

/// <summary>The tensors of every layer that a plan changes. Owns them.</summary>
internal sealed class SmallLayers : IDisposable
{
    private readonly Dictionary<Site, LayerState> states = [];
    private readonly Dictionary<int, Tensor> meanShifts = [];

    internal SmallLayers(ChannelGraph graph, ChannelFacts facts, RemovalPlan plan)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        for (int call = 0; call < graph.Calls.Count; call++)
        {
            var (site, inputs, outputs) = (graph.Calls[call].Site, plan.KeptInputs(call), plan.KeptOutputs(call));
            var meanShift = meanShifts.GetValueOrDefault(call);
            bool shrinks = inputs.Length < graph.Calls[call].Inputs || outputs.Length < graph.Calls[call].Outputs;
            if ((!shrinks && meanShift is null) || states.ContainsKey(site)) continue;
            var shift = Folded(graph, facts, call, inputs);
            if (shift is not null && site.Weighted!.Bias is null)
            {
                // The norm subtracts its mean from what no longer has the constant in it.
                meanShifts.Add(facts.NormBehind(call)!.Value, shift.neg());
                shift = null;
            }

            int tied = ChannelGraph.TiedGroups(graph.Calls[call]);
            long groups = tied == 0 ? 1 : (long)tied * outputs.Length / graph.Calls[call].Outputs;
            states.Add(site, LayerState.Select(site.Module, inputs, outputs, groups, shift, meanShift));
        }
    }

    internal IReadOnlyDictionary<Site, LayerState> States => states;

    /// <summary>Whether a call receives something else than before on purpose: its running mean makes up for it.</summary>
    internal bool IsShifted(int call) => meanShifts.ContainsKey(call);

    public void Dispose()
    {
        foreach (var state in states.Values) state.Dispose();
    }

    /// <summary>Σ W·c over the constant inputs that go, for every output as it was, float64; null where there are none.</summary>
    private static Tensor? Folded(ChannelGraph graph, ChannelFacts facts, int call, int[] kept)
    {
        if (ChannelGraph.TiedGroups(graph.Calls[call]) > 0 || !facts.Folds(call)) return null;
        long[] gone = [.. Enumerable.Range(0, graph.Calls[call].Inputs).Except(kept)
            .Where(unit => facts.IsRead(call, unit) && facts.Constant(call, unit) is not (0 or double.NaN)).Select(unit => (long)unit)];
        if (gone.Length == 0) return null;
        var layer = graph.Calls[call].Site.Weighted!;
        var weight = layer.Weight.detach().to(float64).index_select(1, tensor(gone, device: layer.Weight.device));
        var constants = tensor(gone.Select(unit => facts.Constant(call, (int)unit)).ToArray(), device: layer.Weight.device);
        return (weight.reshape(weight.size(0), gone.Length, -1).sum(2) * constants).sum(1);
    }
}

/// <summary>Modules that have a parameter in common with another module: replacing it in one would leave the other with a tensor that is gone.</summary>
internal static class SharedParameters
{
    internal static HashSet<Module> Of(Module model)
    {
        var owners = new Dictionary<IntPtr, Module>();
        var sharing = new HashSet<Module>(ReferenceEqualityComparer.Instance);
        foreach (var module in model.named_modules().Select(m => m.module).Prepend(model).Distinct(ReferenceEqualityComparer.Instance).Cast<Module>())
        foreach (var (_, parameter) in module.named_parameters(recurse: false))
        {
            if (owners.TryAdd(parameter.Handle, module)) continue;
            sharing.Add(module);
            sharing.Add(owners[parameter.Handle]);
        }

        return sharing;
    }
}

using Px.Pruning.Engine;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// The tensors of every layer that a plan changes. Owns them.
internal sealed class SmallLayers : IDisposable
{
    private readonly Dictionary<HookedModule, LayerState> states = [];
    private readonly Dictionary<int, Tensor> meanShifts = [];

    internal SmallLayers(ChannelGraph graph, ChannelFacts facts, RemovalPlan plan)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        for (int call = 0; call < graph.Calls.Count; call++)
        {
            var (hooked, inputs, outputs) = (graph.Calls[call].Layer, plan.KeptInputs(call), plan.KeptOutputs(call));
            var meanShift = meanShifts.GetValueOrDefault(call);
            bool shrinks = inputs.Length < graph.Calls[call].Inputs || outputs.Length < graph.Calls[call].Outputs;
            if ((!shrinks && meanShift is null) || states.ContainsKey(hooked)) continue;
            var shift = Folded(graph, facts, call, inputs);
            if (shift is not null && hooked.Weighted!.Bias is null)
            {
                // The norm subtracts its running mean from an input that lost the constant.
                meanShifts.Add(facts.NormBehind(call)!.Value, shift.neg());
                shift = null;
            }

            int tied = ChannelGraph.TiedGroups(graph.Calls[call]);
            long groups = tied == 0 ? 1 : (long)tied * outputs.Length / graph.Calls[call].Outputs;
            states.Add(hooked, LayerState.Select(hooked.Module, inputs, outputs, groups, shift, meanShift));
        }
    }

    internal IReadOnlyDictionary<HookedModule, LayerState> States => states;

    // Whether a call's input differs on purpose, which its running mean makes up for.
    internal bool IsShifted(int call) => meanShifts.ContainsKey(call);

    public void Dispose()
    {
        foreach (var state in states.Values) state.Dispose();
    }

    // Σ W·c over the removed constant inputs, for every output before, float64; null where there are none.
    private static Tensor? Folded(ChannelGraph graph, ChannelFacts facts, int call, int[] kept)
    {
        if (ChannelGraph.TiedGroups(graph.Calls[call]) > 0 || facts.WhyNoFold(call) is not null) return null;
        long[] gone = [.. Enumerable.Range(0, graph.Calls[call].Inputs).Except(kept)
            .Where(unit => facts.IsRead(call, unit) && facts.Constant(call, unit) is not (0 or double.NaN)).Select(unit => (long)unit)];
        if (gone.Length == 0) return null;
        var layer = graph.Calls[call].Layer.Weighted!;
        var weight = layer.Weight.detach().to(float64).index_select(1, tensor(gone, device: layer.Weight.device));
        var constants = tensor(gone.Select(unit => facts.Constant(call, (int)unit)).ToArray(), device: layer.Weight.device);
        return (weight.reshape(weight.size(0), gone.Length, -1).sum(2) * constants).sum(1);
    }
}

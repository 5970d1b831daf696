using Px.Pruning.Masking;
using Px.Pruning.Probing;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

/// <summary>The mask of the channels that stay.</summary>
internal static class SmallMask
{
    /// <param name="network">The network as it was found.</param>
    /// <param name="graph">Its channels.</param>
    /// <param name="plan">Which of them stay.</param>
    /// <param name="mask">The mask as it was; null for the weights that are not zero.</param>
    internal static PruningMask Of(Network network, ChannelGraph graph, RemovalPlan plan, PruningMask? mask)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var entries = mask is null
            ? network.Slots.Select(slot => KeyValuePair.Create(slot.Name, slot.Detached().ne(0).cpu())).ToList()
            : mask.Names.Select(name => KeyValuePair.Create(name, mask[name])).ToList();
        var calls = Enumerable.Range(0, graph.Calls.Count).Where(call => graph.Calls[call].Site.Weighted is not null)
            .DistinctBy(call => graph.Calls[call].Slot).ToDictionary(call => network.Slots[graph.Calls[call].Slot].Name);
        var metadata = new Dictionary<string, string>(mask?.Metadata ?? new Dictionary<string, string>()) { ["shrunk"] = "true" };
        return PruningMask.Adopt(
            entries.Select(entry => KeyValuePair.Create(entry.Key, calls.TryGetValue(entry.Key, out int call)
                ? LayerState.SelectWeight(graph.Calls[call].Site.Module, entry.Value, plan.KeptInputs(call), plan.KeptOutputs(call))
                : entry.Value.clone())), metadata);
    }
}

using Px.Pruning.Engine;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// Which channels are removed. Tied channels are removed if none of them adds anything to a layer that receives it: nothing reads it, it is
// zero, or it is a constant that the layer's bias can absorb. A layer keeps at least one channel.
internal sealed class RemovalPlan
{
    private readonly ChannelGraph graph;
    private readonly ChannelFacts? facts;
    private readonly IReadOnlySet<int>? chosen;
    private readonly Dictionary<int, string> pins = [];
    private readonly Dictionary<int, string> obstacles = [];

    // facts: null where every channel is taken to be dead. chosen: the only ones to remove; null for all.
    internal RemovalPlan(ChannelGraph graph, ChannelFacts? facts, IReadOnlySet<int>? chosen = null)
    {
        (this.graph, this.facts, this.chosen) = (graph, facts, chosen);
        if (facts is null) return;
        for (int call = 0; call < graph.Calls.Count; call++)
        {
            for (int unit = 0; unit < graph.TargetUnits[call]; unit++)
                if (Obstacle(call, unit) is { } obstacle) obstacles.TryAdd(graph.OfTarget(call, unit), obstacle);
        }
    }

    // Keeps the channels that leave a source, or arrive at a target, with all that are tied to them. Returns whether one was to be removed.
    internal bool PinSource(int source, string reason)
    {
        bool changes = false;
        for (int unit = 0; unit < graph.SourceUnits[source]; unit++) changes |= Pin(graph.OfSource(source, unit), reason);
        return changes;
    }

    internal bool PinTarget(int target, string reason)
    {
        bool changes = false;
        for (int unit = 0; unit < graph.TargetUnits[target]; unit++) changes |= Pin(graph.OfTarget(target, unit), reason);
        return changes;
    }

    // Keeps every channel.
    internal bool PinAll(string reason)
    {
        bool changes = false;
        for (int source = 0; source < graph.SourceUnits.Count; source++) changes |= PinSource(source, reason);
        for (int target = 0; target < graph.TargetUnits.Count; target++) changes |= PinTarget(target, reason);
        return changes;
    }

    internal void KeepOneEverywhere()
    {
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int call = 0; call < graph.Calls.Count; call++)
            {
                string reason = $"a layer keeps one channel at least, '{graph.Calls[call].Layer.Name}' too";
                if (KeptInputs(call).Length == 0) changed |= Pin(graph.OfTarget(call, 0), reason);
                if (KeptOutputs(call).Length == 0) changed |= Pin(graph.OfSource(call + 1, 0), reason);
            }
        }
    }

    internal int[] KeptInputs(int call) =>
        [.. Enumerable.Range(0, graph.TargetUnits[call]).Where(unit => !IsRemoved(graph.OfTarget(call, unit)))];

    internal int[] KeptOutputs(int call) =>
        [.. Enumerable.Range(0, graph.SourceUnits[call + 1]).Where(unit => !IsRemoved(graph.OfSource(call + 1, unit)))];

    // Why the channels of a node stay; null if they are removed, or not chosen.
    internal string? WhyKept(int node) => pins.GetValueOrDefault(node) ?? obstacles.GetValueOrDefault(node);

    // Keeps what another plan for the same network pins.
    internal void PinAsIn(RemovalPlan other)
    {
        foreach (var (node, reason) in other.pins) Pin(node, reason);
    }

    // Channels of convolutions and linear layers that carry nothing but are not removed, and why.
    internal IReadOnlyList<UnremovedChannels> Unremoved() =>
    [
        .. from call in Enumerable.Range(0, graph.Calls.Count)
           let hooked = graph.Calls[call].Layer
           where hooked.Weighted is not null
           from unit in Enumerable.Range(0, graph.SourceUnits[call + 1])
           let node = graph.OfSource(call + 1, unit)
           where (facts is null || facts.IsDead(call, unit)) && WhyKept(node) is not null
           group unit by (hooked, Reason: WhyKept(node)!) into units
           select new UnremovedChannels { Layer = units.Key.hooked.Name, Channels = units.Distinct().Count(), Reason = units.Key.Reason },
    ];

    private bool IsRemoved(int node) => chosen?.Contains(node) != false && WhyKept(node) is null;

    private bool Pin(int node, string reason)
    {
        bool removed = IsRemoved(node);
        pins.TryAdd(node, reason);
        return removed;
    }

    // Why the network's output would change without an input unit of a call; null if it would not.
    private string? Obstacle(int call, int unit)
    {
        // Groups that are removed as a whole are judged where their outputs arrive.
        if (ChannelGraph.TiedGroups(graph.Calls[call]) > 0 || !facts!.IsRead(call, unit)) return null;
        double constant = facts.Constant(call, unit);
        if (double.IsNaN(constant)) return "an addition or the like ties them to channels that carry something";
        if (constant == 0) return null;
        string name = graph.Calls[call].Layer.Name;
        return facts.WhyNoFold(call) is { } why ? $"they are constants other than zero where '{name}' reads them, and {why}" : null;
    }
}

internal static class SmallMask
{
    // The part of a mask that belongs to the small network; without a mask, of one that keeps the weights that are not zero.
    internal static PruningMask Of(Network network, ChannelGraph graph, RemovalPlan plan, PruningMask? mask)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var entries = mask is null
            ? network.Slots.Select(slot => KeyValuePair.Create(slot.Name, slot.Detached().ne(0).cpu())).ToList()
            : mask.Names.Select(name => KeyValuePair.Create(name, mask[name])).ToList();
        var calls = Enumerable.Range(0, graph.Calls.Count).Where(call => graph.Calls[call].Layer.Weighted is not null)
            .DistinctBy(call => graph.Calls[call].Slot).ToDictionary(call => graph.Calls[call].Slot.Name);
        var modules = Enumerable.Range(0, graph.Calls.Count).DistinctBy(call => graph.Calls[call].Layer)
            .ToDictionary(call => graph.Calls[call].Layer.Name);
        var metadata = new Dictionary<string, string>(mask?.Metadata ?? new Dictionary<string, string>()) { ["shrunk"] = "true" };
        return PruningMask.Adopt(
            entries.Select(entry => KeyValuePair.Create(entry.Key, Part(entry.Key, entry.Value))), metadata);

        Tensor Part(string name, Tensor whole)
        {
            if (calls.TryGetValue(name, out int call))
                return LayerState.SelectWeight(graph.Calls[call].Layer.Module, whole, plan.KeptInputs(call), plan.KeptOutputs(call));
            // A bias or a norm's scale, which a selection may include, has a number for each output of its module.
            return whole.dim() == 1 && modules.TryGetValue(name[..Math.Max(0, name.LastIndexOf('.'))], out call)
                && whole.numel() == graph.Calls[call].Outputs
                ? whole.index_select(0, tensor(Array.ConvertAll(plan.KeptOutputs(call), unit => (long)unit)))
                : whole.clone();
        }
    }
}

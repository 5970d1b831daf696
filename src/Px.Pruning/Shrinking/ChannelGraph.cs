using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;
using TorchSharp.Modules;

namespace Px.Pruning.Shrinking;

// Which channels can only be removed together, as a union-find of units. Nodes are the units that leave a source (the network's input or a
// call) and those that arrive at a target (a call or the network's output). They are tied by a link of the unit graph, a layer that maps
// channel to channel, a group of a grouped convolution or of group norm, and a second call of the same layer.
internal sealed class ChannelGraph
{
    private readonly int[] sourceStart, targetStart, parent;

    // Where the links cannot be found, an UnsupportedModelException names the module.
    internal ChannelGraph(Network network, CancellationToken token)
    {
        var probe = new UnitProbe(network, Cuts);
        (Calls, SourceUnits, TargetUnits) = (probe.Calls, probe.SourceUnits, probe.TargetUnits);
        (Links, _) = UnitGraph.Connect(probe, token);
        sourceStart = Starts(SourceUnits, 0);
        targetStart = Starts(TargetUnits, sourceStart[^1]);
        parent = [.. Enumerable.Range(0, targetStart[^1])];
        Join();
    }

    internal IReadOnlyList<LayerCall> Calls { get; }

    // Units of each source and target of UnitProbe.
    internal IReadOnlyList<int> SourceUnits { get; }

    internal IReadOnlyList<int> TargetUnits { get; }

    // What each unit of each source feeds.
    internal List<(int Unit, UnitLink Link)>[] Links { get; }

    // The channels that are removed with an output unit of a source, or an input unit of a target, as the number of one of them.
    internal int OfSource(int source, int unit) => Find(sourceStart[source] + unit);

    internal int OfTarget(int target, int unit) => Find(targetStart[target] + unit);

    // Whether a layer has channels, so that the network is cut there.
    internal static bool Cuts(HookedModule hooked) => hooked.Weighted is not null || hooked.IsChannelwise;

    // In how many groups inputs and outputs are tied, each of which is removed as a whole; 0 where inputs and outputs are independent.
    internal static int TiedGroups(LayerCall call) => call.Layer.Module switch
    {
        Convolution m => m.groups > 1 ? (int)m.groups : 0,
        GroupNorm m => (int)m.num_groups,
        LayerNorm => 1,
        Linear => 0,
        _ => call.Inputs,
    };

    private void Join()
    {
        for (int source = 0; source < Links.Length; source++)
        {
            foreach (var (unit, link) in Links[source])
                Union(sourceStart[source] + unit, targetStart[link.Port] + link.Unit);
        }

        var first = new Dictionary<HookedModule, int>();
        for (int call = 0; call < Calls.Count; call++)
        {
            int groups = TiedGroups(Calls[call]), inputs = Calls[call].Inputs, outputs = Calls[call].Outputs;
            int arrives = targetStart[call], leaves = sourceStart[call + 1];
            for (int unit = 0; groups > 0 && unit < inputs; unit++)
                Union(arrives + unit, leaves + (unit * groups / inputs * (outputs / groups)));
            for (int unit = 0; groups > 0 && unit < outputs; unit++)
                Union(leaves + unit, arrives + (unit * groups / outputs * (inputs / groups)));
            if (first.TryAdd(Calls[call].Layer, call)) continue;
            int before = first[Calls[call].Layer];
            for (int unit = 0; unit < inputs; unit++) Union(arrives + unit, targetStart[before] + unit);
            for (int unit = 0; unit < outputs; unit++) Union(leaves + unit, sourceStart[before + 1] + unit);
        }
    }

    private int Find(int node)
    {
        while (parent[node] != node) node = parent[node] = parent[parent[node]];
        return node;
    }

    private void Union(int a, int b)
    {
        (a, b) = (Find(a), Find(b));
        // The smaller number stays the root, so that the result does not depend on the order.
        if (a != b) parent[Math.Max(a, b)] = Math.Min(a, b);
    }

    private static int[] Starts(IReadOnlyList<int> units, int first)
    {
        var starts = new int[units.Count + 1];
        starts[0] = first;
        for (int i = 0; i < units.Count; i++) starts[i + 1] = starts[i] + units[i];
        return starts;
    }
}

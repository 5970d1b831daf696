using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;
using TorchSharp.Modules;

namespace Px.Pruning.Shrinking;

// Which channels can only go together. Nodes are the units that leave a source (the network's input, or a call) and those that arrive at a
// target (a call, or the network's output); a link of the unit graph joins two of them, and so does a layer that maps channel to channel, a
// group of a grouped convolution or of group norm, and a layer that is called twice.
internal sealed class ChannelGraph
{
    private readonly int[] sourceStart, targetStart, parent;

    // UnsupportedModelException: What feeds what cannot be found out; the message names the module.
    internal ChannelGraph(Network network, CancellationToken token)
    {
        var probe = new UnitProbe(network, hooked => hooked.Weighted is not null || hooked.IsChannelwise);
        (Calls, SourceUnits, TargetUnits) = (probe.Calls, probe.SourceUnits, probe.TargetUnits);
        (Links, _) = UnitGraph.Connect(probe, token);
        sourceStart = Starts(SourceUnits, 0);
        targetStart = Starts(TargetUnits, sourceStart[^1]);
        parent = [.. Enumerable.Range(0, targetStart[^1])];
        Join();
    }

    internal IReadOnlyList<LayerCall> Calls { get; }

    // Units of each source: the network's input, then the output of each call.
    internal IReadOnlyList<int> SourceUnits { get; }

    // Units of each target: the input of each call, then the network's output.
    internal IReadOnlyList<int> TargetUnits { get; }

    // What each unit of each source has an influence on.
    internal List<(int Unit, UnitLink Link)>[] Links { get; }

    internal int Nodes => parent.Length;

    // The channels that go with an output unit of a source, as the number of one of them.
    internal int OfSource(int source, int unit) => Find(sourceStart[source] + unit);

    // The channels that go with an input unit of a target.
    internal int OfTarget(int target, int unit) => Find(targetStart[target] + unit);

    // In how many groups, each of which stays or goes as a whole with its inputs and outputs; 0 where inputs and outputs are independent.
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
        foreach (var (unit, link) in Links[source])
            Union(sourceStart[source] + unit, targetStart[link.Port] + link.Unit);

        var first = new Dictionary<HookedModule, int>();
        for (int call = 0; call < Calls.Count; call++)
        {
            int groups = TiedGroups(Calls[call]);
            for (int unit = 0; groups > 0 && unit < Calls[call].Inputs; unit++)
                Union(targetStart[call] + unit, sourceStart[call + 1]
                    + (unit * groups / Calls[call].Inputs * (Calls[call].Outputs / groups)));
            for (int unit = 0; groups > 0 && unit < Calls[call].Outputs; unit++)
                Union(sourceStart[call + 1] + unit, targetStart[call]
                    + (unit * groups / Calls[call].Outputs * (Calls[call].Inputs / groups)));
            if (first.TryAdd(Calls[call].Layer, call)) continue;
            int before = first[Calls[call].Layer];
            for (int unit = 0; unit < Calls[call].Inputs; unit++) Union(targetStart[call] + unit, targetStart[before] + unit);
            for (int unit = 0; unit < Calls[call].Outputs; unit++) Union(sourceStart[call + 1] + unit, sourceStart[before + 1] + unit);
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
        // The smaller number stays the root, so that the outcome does not depend on the order.
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

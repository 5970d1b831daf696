using Px.Pruning.Engine.Paths;

namespace Px.Pruning.Engine.Wiring;

// The network as units and their links: inside a layer's call every pair of units of one group, between calls whatever the network's own
// code does (additions, concatenations, flattening, shuffles, gates). Identity shortcuts are left out: where a unit is the sum of several
// sources and one of them reaches another, the former has no link, so that a path takes the longer way. A residual network becomes the
// chain of its layers, with a projection shortcut as an alternative to its block.
internal sealed class UnitGraph
{
    private UnitGraph(UnitProbe probe, List<(int Unit, UnitLink Link)>[] links)
    {
        Calls = probe.Calls;
        (SourceUnits, TargetUnits) = (probe.SourceUnits, probe.TargetUnits);
        Targets = [.. links.Select((list, source) => ByUnit(SourceUnits[source], list))];
        var backward = TargetUnits.Select(_ => new List<(int Unit, UnitLink Link)>()).ToArray();
        for (int source = 0; source < links.Length; source++)
        {
            foreach (var (unit, link) in links[source])
                backward[link.Port].Add((link.Unit, new UnitLink(source, unit)));
        }

        Sources = [.. backward.Select((list, target) => ByUnit(TargetUnits[target], list))];
    }

    internal IReadOnlyList<LayerCall> Calls { get; }

    // Units of each source and target of UnitProbe.
    internal IReadOnlyList<int> SourceUnits { get; }

    internal IReadOnlyList<int> TargetUnits { get; }

    // What each unit of each source feeds, and what feeds each unit of each target, by port and unit.
    internal UnitLink[][][] Targets { get; }

    internal UnitLink[][][] Sources { get; }

    // Finds the graph by sending signals through the network; where that fails, an UnsupportedModelException names the module.
    internal static UnitGraph Of(Network network, CancellationToken token)
    {
        RawRoles.Find(network);
        var probe = new UnitProbe(network, hooked => hooked.Weighted is not null);
        var (links, feeds) = Connect(probe, token);
        var adds = probe.Send(probe.SourceUnits.Count, (sample, source, _) => sample == source, alone: true, token);
        new IdentityShortcuts(probe, feeds, adds).Remove(links);
        return new UnitGraph(probe, links);
    }

    // What each unit of each source feeds, in no order, and for each target whether source s feeds unit u, at s · units + u. Identity
    // shortcuts are included. An UnsupportedModelException names a layer that nothing reaches.
    internal static (List<(int Unit, UnitLink Link)>[] Links, bool[][] Feeds) Connect(UnitProbe probe, CancellationToken token)
    {
        // Sample s sends from all of source s.
        var feeds = probe.Send(probe.SourceUnits.Count, (sample, source, _) => sample == source, alone: false, token);
        RefuseUnfed(probe, feeds);
        return (Link(probe, feeds, token), feeds);
    }

    private static List<(int Unit, UnitLink Link)>[] Link(UnitProbe probe, bool[][] feeds, CancellationToken token)
    {
        var links = probe.SourceUnits.Select(_ => new List<(int Unit, UnitLink Link)>()).ToArray();
        foreach (int source in new UnitCode(probe, feeds).Decode(links, token))
        {
            int count = probe.SourceUnits[source];
            var reached = probe.Send(count, (sample, s, unit) => s == source && unit == sample, alone: false, token);
            for (int target = 0; target < reached.Length; target++)
            {
                for (int i = 0; i < reached[target].Length; i++)
                {
                    int units = probe.TargetUnits[target];
                    if (reached[target][i]) links[source].Add((i / units, new UnitLink(target, i % units)));
                }
            }
        }

        return links;
    }

    // For each unit what it is linked to, by port and unit.
    private static UnitLink[][] ByUnit(int units, List<(int Unit, UnitLink Link)> links)
    {
        links.Sort(InOrder);
        var lists = new UnitLink[units][];
        for (int unit = 0, first = 0; unit < units; unit++)
        {
            int end = first;
            while (end < links.Count && links[end].Unit == unit) end++;
            lists[unit] = new UnitLink[end - first];
            for (int i = 0; i < lists[unit].Length; i++) lists[unit][i] = links[first + i].Link;
            first = end;
        }

        return lists;
    }

    private static int InOrder((int Unit, UnitLink Link) a, (int Unit, UnitLink Link) b) =>
        (a.Unit, a.Link.Port, a.Link.Unit).CompareTo((b.Unit, b.Link.Port, b.Link.Unit));

    private static void RefuseUnfed(UnitProbe probe, bool[][] feeds)
    {
        for (int target = 0; target < feeds.Length; target++)
        {
            if (feeds[target].AsSpan().Contains(true)) continue;
            if (target < probe.Calls.Count && probe.Calls[target].Layer.FeedsOnlyGates) continue;
            string name = target < probe.Calls.Count ? probe.Calls[target].Layer.Name : "";
            throw new UnsupportedModelException(
                $"Nothing that flows through the layers before it reaches {(name.Length == 0 ? "the model's output" : $"'{name}'")}: the "
                + "code in between normalises, rounds or replaces it, so that no walk can pass. Normalise with a module "
                + "(torch.nn.BatchNorm2d, LayerNorm, …).")
            { Module = name };
        }
    }
}

// The other end of a connection without weights: a unit of a source or target, its port.
internal readonly record struct UnitLink(int Port, int Unit);

using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Wiring;

/// <summary>What a series of calls is to the network around it.</summary>
internal enum Bypass
{
    /// <summary>Nothing leads round it.</summary>
    None,

    /// <summary>Something leads round it that passes no more layers than it does: it is a branch beside a shortcut or beside other branches.</summary>
    Branch,

    /// <summary>Something leads round it that passes more layers than it does: it is a shortcut itself.</summary>
    Shortcut,
}

/// <summary>Which call of a layer feeds which: node 0 is the network's input, node i + 1 call i, the last node the output.</summary>
/// <param name="feeds">Whether [from, to], from earlier to later nodes only.</param>
internal sealed class CallGraph(bool[,] feeds)
{
    private int Output => feeds.GetLength(0) - 1;

    /// <summary>The calls in series with one, of which none can carry anything without the others, and what leads round them.</summary>
    /// <param name="call">Its index among the calls.</param>
    internal (IReadOnlyList<int> Series, Bypass Bypass) Locate(int call)
    {
        int first = call + 1, last = call + 1;
        while (Feeders(first) is [var feeder] && feeder != 0 && Targets(feeder).Count == 1) first = feeder;
        List<int> series = [first];
        while (Targets(last = series[^1]) is [var target] && target != Output && Feeders(target).Count == 1) series.Add(target);
        return ([.. series.Select(node => node - 1)], Around(series));
    }

    private Bypass Around(List<int> series)
    {
        if (Feeders(series[0]) is not [.., var from] || Targets(series[^1]) is not [var to, ..]) return Bypass.None;
        int most = MostNodes(from, to, series);
        return most < 0 ? Bypass.None : most > series.Count ? Bypass.Shortcut : Bypass.Branch;
    }

    /// <summary>The most nodes strictly between two along any path that avoids others; −1 where there is none.</summary>
    private int MostNodes(int from, int to, List<int> avoided)
    {
        var most = Enumerable.Repeat(-1, Output + 1).ToArray();
        most[from] = 0;
        for (int node = from + 1; node <= to; node++)
        {
            if (avoided.Contains(node)) continue;
            foreach (int feeder in Feeders(node).Where(feeder => most[feeder] >= 0))
                most[node] = Math.Max(most[node], feeder == from ? 0 : most[feeder] + 1);
        }

        return most[to];
    }

    private List<int> Feeders(int node) => [.. Enumerable.Range(0, node).Where(from => feeds[from, node])];

    private List<int> Targets(int node) => [.. Enumerable.Range(node + 1, Output - node).Where(to => feeds[node, to])];
}

/// <summary>One call of a weighted layer: where paths of kept weights arrive and where they lead on. Owns its tensors, all bool.</summary>
internal sealed class PathCall(HookedModule hooked, Tensor arrives, Tensor reached) : IDisposable
{
    internal HookedModule Layer => hooked;

    /// <summary>Where in its input a path from the network's input arrives.</summary>
    internal Tensor Arrives => arrives;

    /// <summary>Where in its output such a path arrives.</summary>
    internal Tensor Reached => reached;

    /// <summary>Where in <see cref="Reached"/> a path leads on to the network's output; grows while it is found out. Null for nowhere.</summary>
    internal Tensor? Leads { get; private set; }

    /// <summary>Where in <see cref="Arrives"/> a path leads on. Null for nowhere.</summary>
    internal Tensor? Continues { get; private set; }

    /// <summary>Takes over tensors.</summary>
    internal void Update(Tensor leads, Tensor continues)
    {
        Leads?.Dispose();
        Continues?.Dispose();
        (Leads, Continues) = (leads.DetachFromDisposeScope(), continues.DetachFromDisposeScope());
    }

    public void Dispose()
    {
        arrives.Dispose();
        reached.Dispose();
        Leads?.Dispose();
        Continues?.Dispose();
    }
}

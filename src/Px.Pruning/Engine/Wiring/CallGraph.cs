using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Wiring;

// What a series of calls is to the network around it.
internal enum Bypass
{
    // Nothing leads round it.
    None,

    // Something leads round it that passes no more layers than it does: it is a branch beside a shortcut or beside other branches.
    Branch,

    // Something leads round it that passes more layers than it does: it is a shortcut itself.
    Shortcut,
}

// Which call of a layer feeds which: node 0 is the network's input, node i + 1 call i, the last node the output. feeds: Whether [from, to],
// from earlier to later nodes only.
internal sealed class CallGraph(bool[,] feeds)
{
    private int Output => feeds.GetLength(0) - 1;

    // The calls in series with one, of which none can carry anything without the others, and what leads round them.
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

    // The most nodes strictly between two along any path that avoids others; −1 where there is none.
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

// One call of a weighted layer: where paths of kept weights arrive and where they lead on. Owns its tensors, all bool.
internal sealed class PathCall(HookedModule hooked, Tensor arrives, Tensor reached) : IDisposable
{
    internal HookedModule Layer => hooked;

    // Where in its input a path from the network's input arrives.
    internal Tensor Arrives => arrives;

    internal Tensor Reached => reached;

    // Where in Reached a path leads on to the network's output; grows while it is found out. Null for nowhere.
    internal Tensor? Leads { get; private set; }

    // Where in Arrives a path leads on. Null for nowhere.
    internal Tensor? Continues { get; private set; }

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

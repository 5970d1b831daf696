using static TorchSharp.torch;

namespace Px.Pruning.Engine.Wiring;

// What leads round a series of calls: nothing, or a way of no more layers than the series has (it is a branch), or one of more layers (it
// is a shortcut itself).
internal enum Bypass
{
    None,
    Branch,
    Shortcut,
}

// Which call of a layer feeds which, as feeds[from, to]: node 0 is the network's input, node i + 1 call i, the last node the output.
internal sealed class CallGraph(bool[,] feeds)
{
    private int Output => feeds.GetLength(0) - 1;

    // The calls in series with one, none of which carries anything without the others, and what leads round them.
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

    // The most nodes strictly between two along a path that avoids others; −1 if there is no path.
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

    // Where a path from the network's input arrives in the call's input, and where in its output.
    internal Tensor Arrives => arrives;

    internal Tensor Reached => reached;

    // Where in Reached, and where in Arrives, a path leads on to the network's output as far as known; null for nowhere.
    internal Tensor? Leads { get; private set; }

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

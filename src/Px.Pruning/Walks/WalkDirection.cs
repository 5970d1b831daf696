using Px.Pruning.Masking;

namespace Px.Pruning.Walks;

/// <summary>
/// Walks from the network's input to its output, or back. A step goes from the unit where a call is entered to the unit where it is
/// left, with probability <c>‖K(o, i)‖₁ / Σ ‖K‖₁</c> over the units on the other side, and from there to any call that follows.
/// Tables are made where a walk first needs them.
/// </summary>
/// <remarks>Only units are entered from which alive weights lead to the end, so that every walk arrives.</remarks>
internal sealed class WalkDirection
{
    private readonly UnitGraph graph;
    private readonly WalkWeights weights;
    private readonly bool forward;
    private readonly bool[][] enterable, leavable; // [call][unit]
    private readonly StepRow?[][] rows; // [call][entered unit]
    private readonly WalkBranch[]?[][] branches; // [call + 1, or 0 for the start][left unit]

    internal WalkDirection(UnitGraph graph, WalkWeights weights, bool forward)
    {
        (this.graph, this.weights, this.forward) = (graph, weights, forward);
        int calls = graph.Calls.Count;
        (enterable, leavable) = (new bool[calls][], new bool[calls][]);
        foreach (int call in forward ? Enumerable.Range(0, calls).Reverse() : Enumerable.Range(0, calls)) FindOpen(call);
        rows = [.. enterable.Select(units => new StepRow?[units.Length])];
        branches = [.. Enumerable.Range(-1, calls + 1).Select(call => new WalkBranch[]?[Links(call).Length])];
        Starts = [.. Enumerable.Range(0, Links(-1).Length).Where(unit => Links(-1)[unit].Any(IsOpen))];
    }

    /// <summary>The units where walks of this direction begin: input channels, or output units.</summary>
    internal IReadOnlyList<int> Starts { get; }

    /// <summary>Takes one walk from a unit of <see cref="Starts"/> to the other end.</summary>
    /// <param name="random">Decides the way.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="visit">Called with slot and index of every weight on the way.</param>
    internal void Walk(SplitMix64 random, int start, Action<int, int> visit)
    {
        var (call, unit) = (-1, start);
        while (true)
        {
            var choices = branches[call + 1][unit] ??= Branches(Links(call)[unit]);
            var branch = choices[Draw.Any(random, choices.Length)];
            if (branch.Call is not { } next) return;
            int entered = branch.Units[Draw.ByWeight(random, branch.Cumulative)];
            var row = Row(next, entered);
            int left = row.First + Draw.ByWeight(random, row.Cumulative);
            visit(graph.Calls[next].Slot, Tap(random, next, entered, left));
            (call, unit) = (next, left);
        }
    }

    /// <summary>Where one may go after leaving a call, or from the start (−1).</summary>
    private UnitLink[][] Links(int call) =>
        forward ? graph.Targets[call + 1] : graph.Sources[call < 0 ? graph.Calls.Count : call];

    /// <summary>The call that a link leads to, or null at the end.</summary>
    private int? CallAt(UnitLink link)
    {
        int call = forward ? link.Port : link.Port - 1;
        return call >= 0 && call < graph.Calls.Count ? call : null;
    }

    private bool IsOpen(UnitLink link) => CallAt(link) is not { } call || enterable[call][link.Unit];

    private void FindOpen(int call)
    {
        var grid = graph.Calls[call].Grid;
        leavable[call] = [.. Links(call).Select(links => links.Any(IsOpen))];
        enterable[call] = new bool[forward ? grid.Inputs : grid.Outputs];
        for (int entered = 0; entered < enterable[call].Length; entered++)
        {
            var (first, count) = Others(grid, entered);
            for (int left = first; left < first + count && !enterable[call][entered]; left++)
                enterable[call][entered] = IsOpen(call, entered, left);
        }
    }

    private bool IsOpen(int call, int entered, int left) =>
        leavable[call][left] && weights.IsAlive(graph.Calls[call].Slot, Kernel(call, entered, left), graph.Calls[call].Grid.KernelSize);

    /// <summary>The units on the other side of a call that share a group with this one.</summary>
    private (int First, int Count) Others(KernelGrid grid, int entered) => forward
        ? (entered / grid.GroupInputs * grid.GroupOutputs, grid.GroupOutputs)
        : (entered / grid.GroupOutputs * grid.GroupInputs, grid.GroupInputs);

    private int Kernel(int call, int entered, int left) =>
        forward ? graph.Calls[call].Grid.Kernel(entered, left) : graph.Calls[call].Grid.Kernel(left, entered);

    private StepRow Row(int call, int entered)
    {
        if (rows[call][entered] is { } known) return known;
        var (first, count) = Others(graph.Calls[call].Grid, entered);
        double[] norms = weights.Norms(graph.Calls[call].Slot);
        return rows[call][entered] = StepRow.Of(
            first, count, left => leavable[call][left] ? norms[Kernel(call, entered, left)] : 0, left => IsOpen(call, entered, left));
    }

    private WalkBranch[] Branches(UnitLink[] links) =>
        [.. links.Where(IsOpen).GroupBy(CallAt).Select(group =>
        {
            if (group.Key is not { } call) return WalkBranch.End;
            int[] units = [.. group.Select(link => link.Unit)];
            return new WalkBranch(call, units, StepRow.Of(0, units.Length, i => Row(call, units[i]).Total, _ => true).Cumulative);
        })];

    private int Tap(SplitMix64 random, int call, int entered, int left)
    {
        var (slot, size) = (graph.Calls[call].Slot, graph.Calls[call].Grid.KernelSize);
        int first = Kernel(call, entered, left) * size;
        if (size == 1) return first;
        double[] magnitudes = weights.Magnitudes(slot);
        Span<double> cumulative = size <= 64 ? stackalloc double[size] : new double[size];
        double sum = 0;
        for (int i = 0; i < size; i++) cumulative[i] = sum += magnitudes[first + i];
        if (sum > 0) return first + Draw.ByWeight(random, cumulative);
        for (int i = 0; i < size; i++) cumulative[i] = sum += weights.IsAlive(slot, first + i) ? 1 : 0;
        return first + Draw.ByWeight(random, cumulative);
    }
}

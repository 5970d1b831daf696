using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;

namespace Px.Pruning.Methods.Phew;

// Walks from the network's input to its output, or back. A step goes through a layer's call, from the unit where it is entered to the unit
// where it is left, with probability ‖K(o, i)‖₁ / Σ ‖K‖₁ over the units on the other side, and then to any call that follows. Only open
// units are entered: those from which unpruned weights lead to the end. Tables are made when a walk first needs them.
internal sealed class WalkDirection
{
    private readonly UnitGraph graph;
    private readonly WalkWeights weights;
    private readonly bool forward;
    private readonly bool[][] enterable; // [call][unit]
    private readonly UnitLink[][][] onward; // [call + 1, or 0 for the start][unit left]: the open units that follow, by port
    private readonly StepRow?[][] rows; // [call][unit entered]
    private double[] totals = [];

    internal WalkDirection(UnitGraph graph, WalkWeights weights, bool forward)
    {
        (this.graph, this.weights, this.forward) = (graph, weights, forward);
        int calls = graph.Calls.Count;
        (enterable, onward) = (new bool[calls][], new UnitLink[calls + 1][][]);
        for (int i = 0; i < calls; i++) FindOpen(forward ? calls - 1 - i : i);
        onward[0] = Open(-1);
        rows = Array.ConvertAll(enterable, units => new StepRow?[units.Length]);
        Starts = [.. Enumerable.Range(0, onward[0].Length).Where(unit => onward[0][unit].Length > 0)];
    }

    // The units where walks of this direction begin: input channels, or output units.
    internal IReadOnlyList<int> Starts { get; }

    // One walk from a unit of Starts to the other end.
    internal void Walk(SplitMix64 random, int start, Action<WeightSlot, int> visit)
    {
        var (call, unit) = (-1, start);
        while (true)
        {
            var links = Branch(random, onward[call + 1][unit]);
            if (CallAt(links[0]) is not { } next) return;
            int entered = links[links.Length == 1 ? 0 : RandomChoice.ByWeight(random, Totals(next, links))].Unit;
            int left = Leave(random, next, entered);
            visit(graph.Calls[next].Slot, Tap(random, next, entered, left));
            (call, unit) = (next, left);
        }
    }

    // The links to one of the calls that follow, each call equally likely: several links if a convolution is flattened before the call.
    private static ReadOnlySpan<UnitLink> Branch(SplitMix64 random, ReadOnlySpan<UnitLink> links)
    {
        int calls = 1;
        for (int i = 1; i < links.Length; i++) calls += links[i].Port != links[i - 1].Port ? 1 : 0;
        for (int skipped = RandomChoice.Any(random, calls); skipped > 0; skipped--) links = links[SamePort(links)..];
        return links[..SamePort(links)];
    }

    private static int SamePort(ReadOnlySpan<UnitLink> links)
    {
        int count = 1;
        while (count < links.Length && links[count].Port == links[0].Port) count++;
        return count;
    }

    // Running sums of the norms by which units of one call are chosen; all equal if all norms are 0.
    private ReadOnlySpan<double> Totals(int call, ReadOnlySpan<UnitLink> links)
    {
        if (totals.Length < links.Length) totals = new double[links.Length];
        double sum = 0;
        for (int i = 0; i < links.Length; i++) totals[i] = sum += Row(call, links[i].Unit).Total;
        for (int i = 0; i < links.Length && sum == 0; i++) totals[i] = i + 1;
        return totals.AsSpan(0, links.Length);
    }

    // All links that follow a call, or the start (−1).
    private UnitLink[][] Links(int call) =>
        forward ? graph.Targets[call + 1] : graph.Sources[call < 0 ? graph.Calls.Count : call];

    // The call that a link leads to, or null at the end.
    private int? CallAt(UnitLink link)
    {
        int call = forward ? link.Port : link.Port - 1;
        return call >= 0 && call < graph.Calls.Count ? call : null;
    }

    private bool IsOpen(UnitLink link) => CallAt(link) is not { } call || enterable[call][link.Unit];

    private UnitLink[][] Open(int call)
    {
        Predicate<UnitLink> isOpen = IsOpen;
        return Array.ConvertAll(Links(call), links => Array.TrueForAll(links, isOpen) ? links : Array.FindAll(links, isOpen));
    }

    private void FindOpen(int call)
    {
        var grid = graph.Calls[call].Grid;
        var magnitudes = weights.Of(graph.Calls[call].Slot);
        onward[call + 1] = Open(call);
        enterable[call] = new bool[forward ? grid.Inputs : grid.Outputs];
        for (int entered = 0; entered < enterable[call].Length; entered++)
        {
            var (first, count) = Others(grid, entered);
            for (int left = first; left < first + count && !enterable[call][entered]; left++)
                enterable[call][entered] = IsOpen(magnitudes, call, entered, left);
        }
    }

    private bool IsLeavable(int call, int unit) => onward[call + 1][unit].Length > 0;

    private bool IsOpen(Magnitudes magnitudes, int call, int entered, int left) =>
        IsLeavable(call, left) && magnitudes.IsAnyAlive(Kernel(call, entered, left), graph.Calls[call].Grid.KernelSize);

    // The units on the other side of a call, in the same group.
    private (int First, int Count) Others(KernelGrid grid, int entered) => forward
        ? (entered / grid.GroupInputs * grid.GroupOutputs, grid.GroupOutputs)
        : (entered / grid.GroupOutputs * grid.GroupInputs, grid.GroupInputs);

    // The index of the first weight between two units.
    private int Kernel(int call, int entered, int left)
    {
        var grid = graph.Calls[call].Grid;
        return (forward ? grid.Kernel(entered, left) : grid.Kernel(left, entered)) * grid.KernelSize;
    }

    private int Leave(SplitMix64 random, int call, int entered)
    {
        var (first, count) = Others(graph.Calls[call].Grid, entered);
        if (count == 1) return first;
        var row = Row(call, entered);
        double wanted = random.Uniform() * row.Sums[^1];
        int block = RandomChoice.Find(row.Sums, wanted), from = block * StepRow.Block;
        Span<double> sums = stackalloc double[Math.Min(StepRow.Block, count - from)];
        Accumulate(sums, block == 0 ? 0 : row.Sums[block - 1], call, entered, first + from, row.Total > 0);
        return first + from + RandomChoice.Find(sums, wanted);
    }

    private StepRow Row(int call, int entered) =>
        rows[call][entered] ??= MakeRow(call, entered, byNorm: true) ?? MakeRow(call, entered, byNorm: false)!;

    private StepRow? MakeRow(int call, int entered, bool byNorm)
    {
        var (first, count) = Others(graph.Calls[call].Grid, entered);
        var ends = new double[(count + StepRow.Block - 1) / StepRow.Block];
        Span<double> sums = stackalloc double[StepRow.Block];
        for (int block = 0; block < ends.Length; block++)
        {
            int from = block * StepRow.Block;
            var part = sums[..Math.Min(StepRow.Block, count - from)];
            Accumulate(part, block == 0 ? 0 : ends[block - 1], call, entered, first + from, byNorm);
            ends[block] = part[^1];
        }

        return byNorm && ends[^1] == 0 ? null : new StepRow(ends, byNorm ? ends[^1] : 0);
    }

    // Running sums over the units from left on: of their kernels' norms, or of 1 for each open one.
    private void Accumulate(Span<double> sums, double sum, int call, int entered, int left, bool byNorm)
    {
        int size = graph.Calls[call].Grid.KernelSize;
        var magnitudes = weights.Of(graph.Calls[call].Slot);
        for (int i = 0; i < sums.Length; i++, left++)
        {
            if (!byNorm) sum += IsOpen(magnitudes, call, entered, left) ? 1 : 0;
            else if (IsLeavable(call, left)) sum += magnitudes.Sum(Kernel(call, entered, left), size);
            sums[i] = sum;
        }
    }

    private int Tap(SplitMix64 random, int call, int entered, int left)
    {
        int size = graph.Calls[call].Grid.KernelSize, first = Kernel(call, entered, left);
        if (size == 1) return first;
        var magnitudes = weights.Of(graph.Calls[call].Slot);
        Span<double> cumulative = size <= 64 ? stackalloc double[size] : new double[size];
        double sum = 0, open = 0;
        for (int i = 0; i < size; i++) cumulative[i] = sum += magnitudes[first + i];
        for (int i = 0; i < size && sum == 0; i++) cumulative[i] = open += magnitudes.IsAlive(first + i) ? 1 : 0;
        return first + RandomChoice.ByWeight(random, cumulative);
    }
}

// Running sums for a choice among units. Only every sixteenth is stored; those between are computed again from the parameters.
internal sealed record StepRow(double[] Sums, double Total)
{
    internal const int Block = 16;
}

// Random choices. Each takes one number from the generator, and none where there is nothing to choose.
internal static class RandomChoice
{
    // An index below count, each equally likely.
    internal static int Any(SplitMix64 random, int count) => count == 1 ? 0 : (int)(random.Uniform() * count);

    // The index i with probability (cumulative[i] − cumulative[i − 1]) / cumulative[^1]; the last one must be positive.
    internal static int ByWeight(SplitMix64 random, ReadOnlySpan<double> cumulative) =>
        cumulative.Length == 1 ? 0 : Find(cumulative, random.Uniform() * cumulative[^1]);

    // The first index whose running sum exceeds a number; where none does, the last one that added to it.
    internal static int Find(ReadOnlySpan<double> cumulative, double wanted)
    {
        int low = 0, high = cumulative.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (cumulative[middle] > wanted) high = middle;
            else low = middle + 1;
        }

        // Rounding may make wanted equal to the whole sum: then the last one that added to it.
        while (low > 0 && cumulative[low - 1] == cumulative[low]) low--;
        return low;
    }
}

using Px.Pruning.Masking;
using Px.Pruning.Probing;

namespace Px.Pruning.Walks;

/// <summary>Sends walks through the network, forward and backward in turn, and notes in which order they first touch each weight.</summary>
internal sealed class WalkOrder
{
    // Walks that find next to nothing new would go on for ever: the last weights are the least likely.
    private const int WalksBetweenChecks = 1000;
    private const int NewBetweenChecks = 100;

    private readonly WalkWeights weights;
    private readonly double[]?[] scores; // of each slot; null where it is not ranked
    private readonly WalkDirection[] directions;
    private readonly SplitMix64 random;
    private readonly Action<int, int> visit;
    private readonly long total;

    internal WalkOrder(Network network, UnitGraph graph, WalkWeights weights, SplitMix64 random)
    {
        (this.weights, this.random, visit) = (weights, random, Visit);
        scores = [.. network.Slots.Select(slot => slot.Prunable ? new double[weights.Magnitudes(slot.Index).Length] : null)];
        total = scores.Sum(values => values?.LongLength ?? 0);
        directions = [new WalkDirection(graph, weights, forward: true), new WalkDirection(graph, weights, forward: false)];
    }

    /// <summary>Ranked weights that walks have touched.</summary>
    internal long Touched { get; private set; }

    /// <summary>Walks taken.</summary>
    internal long Walks { get; private set; }

    /// <summary>The scores of a slot's weights: above 1 in the order of being touched, earlier is larger; at most 1 where untouched.</summary>
    internal double[] Scores(int slot) => scores[slot]!;

    /// <summary>Walks until so many weights are touched, or until walks hardly find new ones.</summary>
    internal void Walk(long wanted, CancellationToken token)
    {
        if (directions.Any(direction => direction.Starts.Count == 0)) return;
        for (long before = Touched; Touched < wanted; before = Touched)
        {
            token.ThrowIfCancellationRequested();
            for (int i = 0; i < WalksBetweenChecks && Touched < wanted; i++) WalkOnce();
            if (Touched - before < NewBetweenChecks) return;
        }
    }

    /// <summary>Scores untouched weights of the called layers by the probability of a forward step through them: |θ| / Σ‖K(·, i)‖₁.</summary>
    internal void Fill(IEnumerable<LayerCall> calls)
    {
        foreach (var call in calls.Where(call => scores[call.Slot] is not null).DistinctBy(call => call.Slot))
        {
            var (grid, values, magnitudes, norms) = (call.Grid, scores[call.Slot]!, weights.Magnitudes(call.Slot), weights.Norms(call.Slot));
            for (int input = 0; input < grid.Inputs; input++)
            {
                int first = input / grid.GroupInputs * grid.GroupOutputs;
                double sum = 0;
                for (int output = first; output < first + grid.GroupOutputs; output++) sum += norms[grid.Kernel(input, output)];
                if (sum == 0) continue;
                for (int output = first; output < first + grid.GroupOutputs; output++)
                {
                    int tap = grid.Kernel(input, output) * grid.KernelSize;
                    for (int end = tap + grid.KernelSize; tap < end; tap++)
                        if (values[tap] == 0) values[tap] = magnitudes[tap] / sum;
                }
            }
        }
    }

    private void WalkOnce()
    {
        var direction = directions[Walks % 2];
        int start = direction.Starts[(int)(Walks / 2 % direction.Starts.Count)];
        direction.Walk(random, start, visit);
        Walks++;
    }

    private void Visit(int slot, int weight)
    {
        if (scores[slot] is not { } values || values[weight] > 0) return;
        values[weight] = 1 + total - Touched;
        Touched++;
    }
}

using System.Collections;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Px.Bytes;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.Phew;

internal sealed class PhewRun(ScoringContext context) : MethodRun(context)
{
    private UnitGraph? graph; // the same in every round: it depends on neither weights nor mask

    internal override RoundScores Score(ScoringRound round)
    {
        var weights = new WalkWeights(Network, round.Alive);
        graph ??= UnitGraph.Of(Network, Context.Token);
        var order = new WalkOrder(Network, graph, weights, new SplitMix64(Context.Seed, $"PHEW {round.Number}"));
        order.Walk(round.Wanted ?? long.MaxValue, Context.Token);
        Context.Logger?.LogDebug("{Walks} walks touched {Touched} weights.", order.Walks, order.Touched);
        return new(order.Scores(round.Wanted));
    }
}

// Walks through the network, forward and backward in turn, and records the order in which walks first touch each weight.
internal sealed class WalkOrder
{
    // Without a limit, walks would take very long to find the last weights, which are the least likely.
    private const int WalksBetweenChecks = 1000;
    private const int NewBetweenChecks = 100;

    // float32 has every whole number up to here.
    private const long ExactSingles = 1 << 24;

    private readonly Network network;
    private readonly WalkWeights weights;
    private readonly UnitGraph graph;
    private readonly WalkDirection[] directions;
    private readonly SplitMix64 random;
    private readonly BitArray?[] touched; // by slot; null for weights that are not ranked
    private readonly int[] starts; // by slot: the index of its first weight among all weights
    private readonly List<int> order = []; // touched weights, by their index among all weights
    private readonly Action<WeightSlot, int> visit;

    internal WalkOrder(Network network, UnitGraph graph, WalkWeights weights, SplitMix64 random)
    {
        (this.network, this.graph, this.weights, this.random, visit) = (network, graph, weights, random, Visit);
        if (network.Prunable.Sum(slot => slot.Weight.numel()) > int.MaxValue)
            throw new UnsupportedModelException($"PHEW numbers weights with 32 bits: {int.MaxValue:N0} at most.");
        touched = [.. network.Slots.Select(slot => slot.Prunable ? new BitArray((int)slot.Weight.numel()) : null)];
        starts = new int[touched.Length];
        for (int slot = 1; slot < starts.Length; slot++) starts[slot] = checked(starts[slot - 1] + (touched[slot - 1]?.Count ?? 0));
        directions = [new WalkDirection(graph, weights, forward: true), new WalkDirection(graph, weights, forward: false)];
    }

    internal long Touched => order.Count;

    private long Total => touched.Sum(slot => slot?.Count ?? 0L);

    internal long Walks { get; private set; }

    // Walks until so many weights are touched, or walks hardly find new ones.
    internal void Walk(long wanted, CancellationToken token)
    {
        if (directions.Any(direction => direction.Starts.Count == 0)) return;
        // The last walk may touch one more weight in each call.
        order.EnsureCapacity((int)Math.Min(wanted, Total) + graph.Calls.Count);
        for (long before = Touched; Touched < wanted; before = Touched)
        {
            token.ThrowIfCancellationRequested();
            for (int i = 0; i < WalksBetweenChecks && Touched < wanted; i++) WalkOnce();
            if (Touched - before < NewBetweenChecks) return;
        }
    }

    // Touched weights score above 1, earlier ones more. Others score the probability of a forward step through them, |θ| / Σ‖K(·, i)‖₁, or
    // 0 in layers that are not called. On the CPU. Ends this object's use: the order is lost.
    internal SlotTensors Scores(long? wanted)
    {
        // Where walks make the mask, float32 has what counts: the whole numbers of touched weights.
        bool isNarrow = network.ComputeType == ScalarType.Float32 && order.Count >= wanted && Total < ExactSingles;
        int[] ranks = [.. Enumerable.Range(0, order.Count)];
        CollectionsMarshal.AsSpan(order).Sort(ranks.AsSpan());
        int next = 0;
        return new(network.Prunable, slot =>
        {
            var scores = zeros(slot.Weight.shape, isNarrow ? ScalarType.Float32 : ScalarType.Float64, CPU);
            if (isNarrow) Fill<float>(scores, slot, ranks, ref next);
            else Fill<double>(scores, slot, ranks, ref next);
            return scores;
        });
    }

    private void Fill<T>(Tensor scores, WeightSlot slot, int[] ranks, ref int next) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var values = new TensorMemory<T>(scores);
        var (start, total) = (starts[slot.Index], Total);
        for (; next < ranks.Length && order[next] < start + values.Length; next++)
            values[order[next] - start] = T.CreateChecked(1 + total - ranks[next]);
        if (graph.Calls.FirstOrDefault(call => call.Slot == slot) is { } call) FillUntouched(values, call.Grid, weights.Of(slot));
    }

    private static void FillUntouched<T>(TensorMemory<T> scores, KernelGrid grid, Magnitudes magnitudes)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int input = 0; input < grid.Inputs; input++)
        {
            int first = input / grid.GroupInputs * grid.GroupOutputs;
            double sum = 0;
            for (int output = first; output < first + grid.GroupOutputs; output++)
                sum += magnitudes.Sum(grid.Kernel(input, output) * grid.KernelSize, grid.KernelSize);
            if (sum == 0) continue;
            for (int output = first; output < first + grid.GroupOutputs; output++)
            {
                int tap = grid.Kernel(input, output) * grid.KernelSize;
                for (int end = tap + grid.KernelSize; tap < end; tap++)
                    if (scores[tap] == T.Zero) scores[tap] = T.CreateChecked(magnitudes[tap] / sum);
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

    private void Visit(WeightSlot slot, int weight)
    {
        if (touched[slot.Index] is not { } known || known[weight]) return;
        known[weight] = true;
        order.Add(starts[slot.Index] + weight);
    }
}

using System.Globalization;
using Px.Pruning.Masking;
using static TorchSharp.torch;

namespace Px.Pruning.Ranking;

internal sealed class GlobalScope : PruningScope
{
    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors)
    {
        long count = keep.Of(parameters.Sum(p => p.Scores.numel()));
        return floors.All(floor => floor == 0) ? TopK.Select(parameters, count) : Select(parameters, count, floors);
    }

    // The best of each layer up to its floor, and the rest by one ranking of all other weights.
    private static List<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, long count, IReadOnlyList<long> floors)
    {
        using var temporaries = NewDisposeScope();
        var reserved = parameters.Select((p, i) => TopK.Select([p], floors[i])[0]).ToList();
        var left = parameters.Select((p, i) => p with { Alive = p.Alive.logical_and(reserved[i].logical_not()) }).ToList();
        var others = TopK.Select(left, count - floors.Sum());
        var masks = reserved.Zip(others, (floor, other) => floor.logical_or(other)).ToList();
        return masks.ConvertAll(mask => mask.MoveToOuterDisposeScope());
    }

    public override string ToString() => "global";
}

internal sealed class LayerWiseScope : PruningScope
{
    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors)
    {
        // A floor that raises one layer's count must lower another's, which layers ranked by themselves cannot do.
        if (floors.Any(floor => floor > 0)) return Uniform.Select(parameters, keep, floors);
        return TopK.SelectEach(parameters, [.. parameters.Select(p => keep.Of(p.Scores.numel()))]);
    }

    public override string ToString() => "layer-wise";
}

// Divides the number of weights to keep among the layers by their shapes; each layer is ranked by itself.
internal sealed class ApportionedScope(string name, Func<long[], long> share) : PruningScope
{
    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors)
    {
        var alive = parameters.Select(p => MaskTensors.CountTrue(p.Alive)).ToArray();
        var shares = parameters.Select(p => share(p.Scores.shape)).ToArray();
        long count = Math.Min(keep.Of(parameters.Sum(p => p.Scores.numel())), alive.Sum());
        return TopK.SelectEach(parameters, Apportionment.Divide(count, shares, floors, alive));
    }

    public override string ToString() => name;
}

// Divides a whole number among layers in proportion to shares sᵢ, within bounds [fᵢ, cᵢ]: xᵢ = clamp(λ·sᵢ, fᵢ, cᵢ) with the λ for which
// they sum to the total, rounded by largest remainder. In whole numbers, so that no rounding error decides a tie. Bounds are resolved as
// in CSS flexible boxes (https://www.w3.org/TR/css-flexbox-1/#resolve-flexible-lengths): of the layers below their floor and those above
// their capacity, the group that is further off in sum is fixed at its bounds, since λ can then only move away from the other group.
internal static class Apportionment
{
    // The total is in [Σ floors, Σ capacities], 0 ≤ floor ≤ capacity, and the share is positive where the capacity is.
    internal static long[] Divide(long total, IReadOnlyList<long> shares, IReadOnlyList<long> floors, IReadOnlyList<long> capacities)
    {
        var counts = new long[shares.Count];
        var open = Enumerable.Range(0, shares.Count).Where(i => capacities[i] > 0).ToList();
        while (true)
        {
            // λ = left / sum. Comparisons are multiplied by sum, so that λ·sᵢ is the whole number sᵢ·left.
            long left = total - counts.Sum(), sum = open.Sum(i => shares[i]);
            var below = open.Where(i => Int128.Sign(Gap(i, floors[i])) > 0).ToList();
            var above = open.Where(i => Int128.Sign(Gap(i, capacities[i])) < 0).ToList();
            if (below.Count + above.Count == 0) return RoundLargestRemainders(counts, open, shares, left, sum);

            var balance = below.Aggregate(Int128.Zero, (gaps, i) => gaps + Gap(i, floors[i]));
            balance = above.Aggregate(balance, (gaps, i) => gaps + Gap(i, capacities[i]));
            if (balance >= 0) Settle(below, floors);
            if (balance <= 0) Settle(above, capacities);

            Int128 Gap(int i, long bound) => (Int128)bound * sum - (Int128)shares[i] * left;
        }

        void Settle(List<int> layers, IReadOnlyList<long> bounds)
        {
            foreach (int i in layers) counts[i] = bounds[i];
            open.RemoveAll(layers.Contains);
        }
    }

    private static long[] RoundLargestRemainders(long[] counts, List<int> open, IReadOnlyList<long> shares, long left, long sum)
    {
        var exact = open.ConvertAll(i => (Layer: i, Value: Int128.DivRem((Int128)shares[i] * left, sum)));
        foreach (var (layer, value) in exact) counts[layer] = (long)value.Quotient;
        int missing = (int)(left - exact.Sum(x => (long)x.Value.Quotient)); // below the number of open layers
        foreach (var (layer, _) in exact.OrderByDescending(x => x.Value.Remainder).Take(missing)) counts[layer]++;
        return counts;
    }
}

// The number of weights to keep of a layer in proportion to the others, from its weight's shape [a, b, k₁, k₂, …]: density times weights,
// the denominator cancelled. The formulas are symmetric in a and b, so that transposed convolutions need no case of their own. A dimension
// that a parameter lacks adds nothing; a single number has the share 1.
internal static class LayerShares
{
    internal static long Uniform(long[] shape) => Product(shape);

    // (a + b) / (a·b) · a·b·Πk = (a + b)·Πk.
    internal static long ErdosRenyi(long[] shape) => Math.Max(1, shape.Take(2).Sum()) * Product(shape.Skip(2));

    // (a + b + Σk) / (a·b·Πk) · a·b·Πk = a + b + Σk.
    internal static long ErdosRenyiKernel(long[] shape) => Math.Max(1, shape.Sum());

    private static long Product(IEnumerable<long> sizes) => sizes.Aggregate(1L, (product, size) => product * size);
}

// Another scope with a minimum for every layer.
internal sealed class MinimumDensityScope(PruningScope inner, double minimum) : PruningScope
{
    internal override void Check(IEnumerable<(string Name, long Weights)> parameters, KeepCount keep)
    {
        var layers = parameters.ToList();
        inner.Check(layers, keep);
        long total = layers.Sum(layer => layer.Weights), kept = keep.Of(total);
        long needed = layers.Sum(layer => Floor(layer.Weights, layer.Weights));
        if (needed <= kept) return;
        throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
            $"A minimum density of {minimum} keeps {needed:N0} weights in {layers.Count} layers (at least one in each), but at sparsity "
            + $"{1 - keep.Density:0.######} only {kept:N0} of {total:N0} remain. "
            + $"Prune at most to sparsity {Math.Floor(1e6 * (total - needed) / total) / 1e6:0.######}, or lower the minimum density."));
    }

    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors) =>
        inner.Select(parameters, keep,
            [.. parameters.Select((p, i) => Math.Max(floors[i], Floor(p.Scores.numel(), MaskTensors.CountTrue(p.Alive))))]);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{inner}, minimum density {minimum}");

    // Always rounded, whatever the counting of the prune.
    private long Floor(long weights, long alive) => Math.Min(Math.Max(1, new KeepCount(minimum).Of(weights)), alive);
}

internal sealed class CustomScope(Func<PruningScores, double, PruningMask?, PruningMask> select, string name) : PruningScope
{
    internal override string NoMinimum => "it is a function of your own, which can keep the minimum itself";

    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors)
    {
        using var scores = new PruningScores(parameters.Select(p => KeyValuePair.Create(p.Name, p.Scores)))
        {
            Inputs = parameters.ToDictionary(p => p.Name, p => p.Inputs),
        };
        using var before = new PruningMask(parameters.Select(p => KeyValuePair.Create(p.Name, p.Alive)));
        using var after = select(scores, keep.Density, before.Kept < before.Total ? before : null)
            ?? throw new ArgumentException($"The scope '{name}' returned no mask.");
        using var both = before.Intersect(after); // throws where names or shapes differ
        if (both.Kept < after.Kept)
            throw new ArgumentException($"The scope '{name}' brings back {after.Kept - both.Kept} weights that were pruned before.");
        return [.. parameters.Select(p => after[p.Name].clone())];
    }

    public override string ToString() => name;
}

namespace Px.Pruning.Scopes;

/// <summary>
/// Divides a whole number among layers in proportion to shares, between bounds, exactly: <c>xᵢ = clamp(λ·sᵢ, fᵢ, cᵢ)</c> with the λ for which
/// they sum to the total, and then largest remainders.
/// </summary>
/// <remarks>
/// Whole numbers throughout, so that no rounding error decides a tie. The bounds are those of CSS flexible boxes
/// (<see href="https://www.w3.org/TR/css-flexbox-1/#resolve-flexible-lengths"/>): of layers below their floor and layers above their
/// capacity, the kind that is further off in sum is settled, since λ can only move away from the other kind.
/// </remarks>
internal static class Apportionment
{
    /// <summary>The number for each layer; they sum to <paramref name="total"/>.</summary>
    /// <param name="total">In [Σ floors, Σ capacities].</param>
    /// <param name="shares">At least 0, and above 0 where the capacity is. Only their ratios matter.</param>
    /// <param name="floors">At least 0, at most the capacity.</param>
    /// <param name="capacities">At least 0.</param>
    /// <remarks>Of equal remainders the earlier layer's is rounded up.</remarks>
    public static long[] Divide(long total, IReadOnlyList<long> shares, IReadOnlyList<long> floors, IReadOnlyList<long> capacities)
    {
        var counts = new long[shares.Count];
        var open = Enumerable.Range(0, shares.Count).Where(i => capacities[i] > 0).ToList();
        while (true)
        {
            // λ = left / sum. Everything is compared times `sum`, where λ·sᵢ is the whole number sᵢ·left.
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

using Px.Pruning.Masking;

namespace Px.Pruning.Walks;

/// <summary>Random choices. Each takes one number from the generator, and none where there is nothing to choose.</summary>
internal static class Draw
{
    /// <summary>An index below <paramref name="count"/>, each equally likely.</summary>
    internal static int Any(SplitMix64 random, int count) => count == 1 ? 0 : (int)(random.Uniform() * count);

    /// <summary>The index i with probability <c>(cumulative[i] − cumulative[i − 1]) / cumulative[^1]</c>; the last one must be positive.</summary>
    internal static int ByWeight(SplitMix64 random, ReadOnlySpan<double> cumulative)
    {
        if (cumulative.Length == 1) return 0;
        double wanted = random.Uniform() * cumulative[^1];
        int low = 0, high = cumulative.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (cumulative[middle] > wanted) high = middle;
            else low = middle + 1;
        }

        // Rounding may make the product the whole sum: then the last one that has weight.
        while (low > 0 && cumulative[low - 1] == cumulative[low]) low--;
        return low;
    }
}

using System.Runtime.CompilerServices;
using Px.Pruning.Masking;

namespace Px.Pruning.Walks;

/// <summary>Random choices. Each takes one number from the generator, and none where there is nothing to choose.</summary>
internal static class Draw
{
    /// <summary>An index below <paramref name="count"/>, each equally likely.</summary>
    internal static int Any(SplitMix64 random, int count) => count == 1 ? 0 : (int)(random.Uniform() * count);

    /// <summary>The index i with probability <c>(cumulative[i] − cumulative[i − 1]) / cumulative[^1]</c>; the last one must be positive.</summary>
    internal static int ByWeight(SplitMix64 random, ReadOnlySpan<double> cumulative) =>
        cumulative.Length == 1 ? 0 : Find(cumulative, random.Uniform() * cumulative[^1]);

    /// <summary>The first index whose running sum exceeds a number; where none does, the last one that added to it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Find(ReadOnlySpan<double> cumulative, double wanted)
    {
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

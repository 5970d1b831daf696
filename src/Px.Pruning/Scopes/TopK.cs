using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>Keeps the k largest scores of several tensors by radix selection, straight from tensor memory.</summary>
/// <remarks>
/// A score becomes a 64-bit key whose unsigned order is the scores' order. A pass counts how often every value of the next 16 bits occurs
/// among the keys that share the k-th largest key's leading bits, which fixes 16 more bits of that key. As soon as few keys are left to
/// choose from, they are sorted; this is nearly always so after the first pass, and after four at the latest nothing is left to choose.
/// <para><b>Cost:</b> O(N) time, at most 1 MiB beside the masks.</para>
/// </remarks>
internal static class TopK
{
    private const int DigitBits = 16;
    private const int Digits = 1 << DigitBits;

    // So many keys are sorted faster than another pass goes through all.
    private const int Few = 1 << 16;

    // The keys of infinities and NaNs, of either sign, begin with one of the first or last 16 digits: exponent all ones, 4 bits free.
    private const int NonFiniteDigits = 16;

    /// <summary>Keeps the <paramref name="count"/> largest scores of weights that are alive, or all of these where they are fewer.</summary>
    /// <param name="parameters">The scores; of equal ones the earlier is kept.</param>
    /// <param name="count">How many to keep, at least 0.</param>
    /// <returns>New bool CPU tensors, <see langword="true"/> where kept.</returns>
    /// <exception cref="NonFiniteScoreException">The score of a weight that is alive is NaN or infinite.</exception>
    public static IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        var (threshold, equalsKept) = Threshold(parameters, count);
        using var scope = NewDisposeScope();
        var masks = new List<Tensor>(parameters.Count);
        foreach (var parameter in parameters)
            masks.Add(Mark(parameter, threshold, ref equalsKept));
        return masks.ConvertAll(mask => mask.MoveToOuterDisposeScope());
    }

    /// <summary>Keeps so many of each parameter by itself.</summary>
    /// <inheritdoc cref="Select"/>
    /// <param name="parameters">The scores; of equal ones the earlier is kept.</param>
    /// <param name="counts">How many to keep of each, at least 0.</param>
    public static IReadOnlyList<Tensor> SelectEach(IReadOnlyList<ScoredParameter> parameters, IReadOnlyList<long> counts)
    {
        using var scope = NewDisposeScope();
        return parameters
            .Select((parameter, i) => Select([parameter], counts[i])[0])
            .ToList() // all of them, before the first one leaves the scope
            .ConvertAll(mask => mask.MoveToOuterDisposeScope());
    }

    /// <summary>The key that separates kept from pruned, and how many of the keys equal to it are kept.</summary>
    private static (ulong Key, long EqualsKept) Threshold(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        var histogram = ArrayPool<long>.Shared.Rent(Digits);
        try
        {
            return Threshold(parameters, count, histogram.AsSpan(0, Digits));
        }
        finally
        {
            ArrayPool<long>.Shared.Return(histogram);
        }
    }

    private static (ulong Key, long EqualsKept) Threshold(IReadOnlyList<ScoredParameter> parameters, long count, Span<long> histogram)
    {
        var (key, known, wanted) = (0UL, 0UL, count); // `known`: ones where bits of `key` are settled
        for (var shift = 64 - DigitBits; shift >= 0; shift -= DigitBits)
        {
            histogram.Clear();
            foreach (var parameter in parameters)
                Count(parameter, key, known, shift, histogram);
            if (known == 0)
            {
                RefuseNonFinite(parameters, histogram);
                if (count == 0)
                    return (ulong.MaxValue, 0);
                if (count >= Sum(histogram))
                    return (0, long.MaxValue);
            }

            var digit = Digits - 1;
            for (; histogram[digit] < wanted; digit--)
                wanted -= histogram[digit];
            key |= (ulong)digit << shift;
            known |= (ulong)(Digits - 1) << shift;
            if (histogram[digit] == wanted)
                return (key, long.MaxValue); // every key from here up is kept, whatever its other bits
            if (histogram[digit] <= Few)
                return Sorted(parameters, key, known, wanted, (int)histogram[digit]);
        }

        return (key, wanted);
    }

    /// <summary>The last step for the few keys that share the known bits.</summary>
    private static (ulong Key, long EqualsKept) Sorted(IReadOnlyList<ScoredParameter> parameters, ulong key, ulong known, long wanted, int few)
    {
        var keys = new ulong[few];
        var found = 0;
        foreach (var parameter in parameters)
            found = Gather(parameter, key, known, keys, found);
        Array.Sort(keys);
        var threshold = keys[few - (int)wanted];
        return (threshold, wanted - keys.Count(larger => larger > threshold));
    }

    // A process may prune only once: its first selection should not run on code that waits to be optimized.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Gather(ScoredParameter parameter, ulong key, ulong known, ulong[] keys, int found)
    {
        var scores = Scores(parameter);
        var alive = Alive(parameter)[..scores.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            var candidate = Key(scores[i]);
            if ((candidate & known) == key && alive[i] != 0)
                keys[found++] = candidate;
        }

        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Count(ScoredParameter parameter, ulong key, ulong known, int shift, Span<long> histogram)
    {
        var scores = Scores(parameter);
        var alive = Alive(parameter)[..scores.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            var candidate = Key(scores[i]);
            if ((candidate & known) == key)
                histogram[(int)(candidate >> shift) & (Digits - 1)] += alive[i]; // added, not branched on: pruned weights lie anywhere
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Tensor Mark(ScoredParameter parameter, ulong threshold, ref long equalsKept)
    {
        var mask = zeros(parameter.Scores.shape, ScalarType.Bool, CPU);
        var scores = Scores(parameter);
        var alive = Alive(parameter)[..scores.Length];
        var kept = mask.bytes[..scores.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            var key = Key(scores[i]);
            kept[i] = key > threshold ? alive[i] : (byte)0;
            if (key == threshold && alive[i] != 0 && equalsKept-- > 0)
                kept[i] = 1;
        }

        return mask;
    }

    /// <summary>Flips the sign bit of numbers from zero up and every bit of those below: as an integer, the key then has the score's order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Key(double score)
    {
        var bits = BitConverter.DoubleToInt64Bits(score + 0.0); // -0 + 0 = +0
        return (ulong)(bits ^ ((bits >> 63) | long.MinValue));
    }

    private static void RefuseNonFinite(IReadOnlyList<ScoredParameter> parameters, ReadOnlySpan<long> histogram)
    {
        var nonFinite = Sum(histogram[..NonFiniteDigits]) + Sum(histogram[^NonFiniteDigits..]);
        if (nonFinite == 0)
            return;
        var parameter = parameters.First(HasNonFinite);
        throw new NonFiniteScoreException(
            $"{nonFinite} scores are NaN or infinite, the first in '{parameter.Name}', so that nothing can be ranked; the model is unchanged. " +
            NonFiniteScoreException.Remedy)
        {
            Parameter = parameter.Name,
        };
    }

    private static long Sum(ReadOnlySpan<long> counts)
    {
        long sum = 0;
        foreach (var count in counts)
            sum += count;
        return sum;
    }

    private static bool HasNonFinite(ScoredParameter parameter)
    {
        var scores = Scores(parameter);
        var alive = Alive(parameter);
        for (var i = 0; i < scores.Length; i++)
        {
            if (alive[i] != 0 && !double.IsFinite(scores[i]))
                return true;
        }

        return false;
    }

    private static ReadOnlySpan<double> Scores(ScoredParameter parameter) => MemoryMarshal.Cast<byte, double>(parameter.Scores.bytes);

    private static ReadOnlySpan<byte> Alive(ScoredParameter parameter) => parameter.Alive.bytes; // 0 or 1
}

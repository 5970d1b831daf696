using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>Keeps the k largest scores of several tensors by radix selection, straight from tensor memory.</summary>
/// <remarks>
/// A score becomes a 64-bit key whose unsigned order is the scores' order. A pass counts how often every value of the next 16 bits occurs
/// among the keys that share the k-th largest key's leading bits, which fixes 16 more bits of that key. As soon as few keys are left to
/// choose from (nearly always after the first pass, after four at the latest) a last one marks all others, and those few are sorted.
/// <para><b>Cost:</b> O(N) time, two passes as a rule; 2 MiB at most beside the masks.</para>
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
        var cut = Find(parameters, count);
        using var scope = NewDisposeScope();
        var masks = parameters.Select(parameter => zeros(parameter.Scores.shape, ScalarType.Bool, CPU)).ToList();
        var open = new List<(ulong Key, int Parameter, int Index)>();
        for (var i = 0; i < masks.Count; i++)
            Mark(parameters[i], masks[i].bytes, ref cut, i, open);
        if (cut.Sorts)
            KeepLargest(open, cut.Wanted, masks);
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

    /// <summary>Where the ranking is cut: keys whose known bits are larger are kept, and so many of those that share them.</summary>
    /// <param name="Key">The k-th largest key, as far as known.</param>
    /// <param name="Known">Ones where bits of it are.</param>
    /// <param name="Wanted">How many of those that share these bits are kept.</param>
    /// <param name="Sorts">Whether these are the largest, not the first.</param>
    private record struct Cut(ulong Key, ulong Known, long Wanted, bool Sorts);

    private static Cut Find(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        var histogram = ArrayPool<long>.Shared.Rent(Digits);
        try
        {
            return Find(parameters, count, histogram.AsSpan(0, Digits));
        }
        finally
        {
            ArrayPool<long>.Shared.Return(histogram);
        }
    }

    private static Cut Find(IReadOnlyList<ScoredParameter> parameters, long count, Span<long> histogram)
    {
        var cut = new Cut(0, 0, count, Sorts: false);
        for (var shift = 64 - DigitBits; shift >= 0; shift -= DigitBits)
        {
            histogram.Clear();
            foreach (var parameter in parameters)
                Count(parameter, cut.Key, cut.Known, shift, histogram);
            if (cut.Known == 0)
            {
                RefuseNonFinite(parameters, histogram);
                if (count == 0)
                    return cut with { Key = ulong.MaxValue };
                if (count >= Sum(histogram))
                    return cut; // no bit is known: all share them
            }

            var digit = Digits - 1;
            for (; histogram[digit] < cut.Wanted; digit--)
                cut.Wanted -= histogram[digit];
            cut.Key |= (ulong)digit << shift;
            cut.Known |= (ulong)(Digits - 1) << shift;
            if (histogram[digit] == cut.Wanted)
                return cut;
            if (histogram[digit] <= Few)
                return cut with { Sorts = true };
        }

        return cut;
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

    /// <summary>Marks what is kept, but collects what is still to be sorted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mark(ScoredParameter parameter, Span<byte> kept, ref Cut cut, int place, List<(ulong, int, int)> open)
    {
        var scores = Scores(parameter);
        var alive = Alive(parameter)[..scores.Length];
        kept = kept[..scores.Length];
        var (threshold, known) = (cut.Key, cut.Known);
        for (var i = 0; i < scores.Length; i++)
        {
            var key = Key(scores[i]);
            var leading = key & known;
            kept[i] = leading > threshold ? alive[i] : (byte)0;
            if (leading != threshold || alive[i] == 0)
                continue;
            if (cut.Sorts)
                open.Add((key, place, i));
            else if (cut.Wanted-- > 0)
                kept[i] = 1;
        }
    }

    /// <summary>The last step for the few that are open, which are in the order of the parameters.</summary>
    private static void KeepLargest(List<(ulong Key, int Parameter, int Index)> open, long wanted, List<Tensor> masks)
    {
        var keys = open.ConvertAll(candidate => candidate.Key);
        keys.Sort();
        var threshold = keys[^(int)wanted];
        var equals = wanted - keys.Count(key => key > threshold);
        var current = -1;
        Span<byte> kept = default;
        foreach (var (key, parameter, index) in open)
        {
            if (parameter != current)
                kept = masks[current = parameter].bytes;
            if (key > threshold || (key == threshold && equals-- > 0))
                kept[index] = 1;
        }
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

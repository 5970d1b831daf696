using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>Keeps the k largest scores of several tensors by radix selection, straight from tensor memory.</summary>
/// <remarks>
/// A score becomes a 64-bit key whose unsigned order is the scores' order. A pass counts how often every value of the next 12 bits occurs
/// among the keys that share the k-th largest key's leading bits, which fixes 12 more bits of that key. Only the first pass looks at all keys: those that
/// share leading bits are the scores of an interval, which vectors of 256 bits find. After three passes as a rule, seven at the latest, the threshold
/// is known, and a last one compares.
/// <para><b>Cost:</b> O(N) time, mostly that of the first pass; 128 KiB beside the masks.</para>
/// </remarks>
internal static class TopK
{
    private const int DigitBits = 12;
    private const int Digits = 1 << DigitBits;

    // Neighbours are often alike. Counted in turn in several histograms, they do not wait for each other's sums.
    private const int Histograms = 4;

    // So many masks are a vector; so many scores are a block.
    private const int Block = 32;
    private const int Quad = 4;

    /// <summary>Keeps the <paramref name="count"/> largest scores of weights that are alive, or all of these where they are fewer.</summary>
    /// <param name="parameters">The scores; of equal ones the earlier is kept.</param>
    /// <param name="count">How many to keep, at least 0.</param>
    /// <returns>New bool CPU tensors, <see langword="true"/> where kept.</returns>
    /// <exception cref="NonFiniteScoreException">The score of a weight that is alive is NaN or infinite.</exception>
    public static IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        var cut = Find(parameters, count);
        using var scope = NewDisposeScope();
        var masks = parameters.Select(parameter => empty(parameter.Scores.shape, ScalarType.Bool, CPU)).ToList();
        for (var i = 0; i < masks.Count; i++)
            Mark(Scores(parameters[i]), Alive(parameters[i]), masks[i].bytes, ref cut);
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

    /// <summary>Where the ranking is cut: larger scores are kept, and so many of those that equal it.</summary>
    private record struct Cut(double Threshold, long Ties);

    /// <summary>Scores whose keys share their leading bits.</summary>
    private readonly record struct Interval(double Low, double High)
    {
        public Interval(ulong key, int shift) : this(Score(key), Score(key | ((1UL << shift) - 1))) { }
    }

    private static Cut Find(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        var histograms = ArrayPool<long>.Shared.Rent(Histograms * Digits);
        try
        {
            return Find(parameters, count, histograms.AsSpan(0, Histograms * Digits));
        }
        finally
        {
            ArrayPool<long>.Shared.Return(histograms);
        }
    }

    private static Cut Find(IReadOnlyList<ScoredParameter> parameters, long count, Span<long> histograms)
    {
        var (key, wanted) = (0UL, count); // the k-th largest key as far as known, and how many are kept of those like it
        Interval? within = null;
        for (var shift = 64 - DigitBits; ; shift = Math.Max(0, shift - DigitBits))
        {
            histograms.Clear();
            var (and, or) = (ulong.MaxValue, 0UL);
            foreach (var parameter in parameters)
                Count(Scores(parameter), Alive(parameter), within, shift, histograms, ref and, ref or);
            var histogram = AddUp(histograms);
            if (within is null)
            {
                RefuseNonFinite(parameters, histogram[0] + histogram[^1]);
                if (count == 0)
                    return new(double.PositiveInfinity, 0);
                if (count >= Sum(histogram))
                    return new(double.NegativeInfinity, 0);
            }

            if (and == or)
                return new(Score(or), wanted); // all are equal

            var digit = Digits - 1;
            for (; histogram[digit] < wanted; digit--)
                wanted -= histogram[digit];
            key = (key & ~(((ulong)Digits - 1) << shift)) | ((ulong)digit << shift);
            within = new Interval(key, shift);
            if (histogram[digit] == wanted)
                return new(Math.BitDecrement(within.Value.Low), 0);
        }
    }

    /// <summary>Counts the next bits of the keys in an interval, or of all, and tells by which bits they differ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Count(
        ReadOnlySpan<double> scores, ReadOnlySpan<byte> alive, Interval? within, int shift, Span<long> histograms, ref ulong and, ref ulong or)
    {
        var (low, high) = within is { } interval ? (interval.Low, interval.High) : (double.NegativeInfinity, double.PositiveInfinity);
        var quads = MemoryMarshal.Cast<double, Vector256<double>>(scores);
        var blocks = MemoryMarshal.Cast<byte, Vector256<byte>>(alive[..scores.Length]);
        for (var block = 0; block < blocks.Length; block++)
        {
            var candidates = ~Vector256.Equals(blocks[block], Vector256<byte>.Zero).ExtractMostSignificantBits();
            if (within is not null)
                candidates &= Inside(quads.Slice(block * (Block / Quad), Block / Quad), low, high);
            for (; candidates != 0; candidates &= candidates - 1)
            {
                var i = BitOperations.TrailingZeroCount(candidates);
                var key = Key(scores[block * Block + i]);
                (and, or) = (and & key, or | key);
                histograms[i % Histograms * Digits + ((int)(key >> shift) & (Digits - 1))]++;
            }
        }

        for (var i = blocks.Length * Block; i < scores.Length; i++)
        {
            if (alive[i] == 0 || (within is not null && !(scores[i] >= low && scores[i] <= high)))
                continue;
            var key = Key(scores[i]);
            (and, or) = (and & key, or | key);
            histograms[(int)(key >> shift) & (Digits - 1)]++;
        }
    }

    /// <summary>Which of a block's scores lie in an interval, the first as the lowest bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Inside(ReadOnlySpan<Vector256<double>> quads, double low, double high)
    {
        var (lowest, highest) = (Vector256.Create(low), Vector256.Create(high));
        var inside = 0U;
        for (var i = 0; i < quads.Length; i++)
            inside |= (Vector256.GreaterThanOrEqual(quads[i], lowest) & Vector256.LessThanOrEqual(quads[i], highest)).ExtractMostSignificantBits() << (i * Quad);
        return inside;
    }

    /// <summary>Writes a mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mark(ReadOnlySpan<double> scores, ReadOnlySpan<byte> alive, Span<byte> kept, ref Cut cut)
    {
        var threshold = Vector256.Create(cut.Threshold);
        var quads = MemoryMarshal.Cast<double, Vector256<double>>(scores);
        var blocks = MemoryMarshal.Cast<byte, Vector256<byte>>(alive[..scores.Length]);
        var masks = MemoryMarshal.Cast<byte, Vector256<byte>>(kept[..scores.Length]);
        for (var block = 0; block < blocks.Length; block++)
        {
            var scored = quads.Slice(block * (Block / Quad), Block / Quad);
            masks[block] = blocks[block] & Vector256.Narrow(
                Vector256.Narrow(Above(scored[0], scored[1], threshold), Above(scored[2], scored[3], threshold)),
                Vector256.Narrow(Above(scored[4], scored[5], threshold), Above(scored[6], scored[7], threshold)));
            if (cut.Ties == 0)
                continue;
            for (var equal = Inside(scored, cut.Threshold, cut.Threshold); equal != 0; equal &= equal - 1)
                KeepEqual(block * Block + BitOperations.TrailingZeroCount(equal), alive, kept, ref cut);
        }

        for (var i = blocks.Length * Block; i < scores.Length; i++)
        {
            kept[i] = scores[i] > cut.Threshold ? alive[i] : (byte)0;
            if (scores[i] == cut.Threshold)
                KeepEqual(i, alive, kept, ref cut);
        }
    }

    /// <summary>All ones where a score is above the threshold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Above(Vector256<double> first, Vector256<double> second, Vector256<double> threshold) =>
        Vector256.Narrow(Vector256.GreaterThan(first, threshold).AsUInt64(), Vector256.GreaterThan(second, threshold).AsUInt64());

    private static void KeepEqual(int i, ReadOnlySpan<byte> alive, Span<byte> kept, ref Cut cut)
    {
        if (alive[i] == 0 || cut.Ties == 0)
            return;
        kept[i] = 1;
        cut.Ties--;
    }

    /// <summary>The sum of the histograms, in the place of the first.</summary>
    private static ReadOnlySpan<long> AddUp(Span<long> histograms)
    {
        for (var i = Digits; i < histograms.Length; i++)
            histograms[i % Digits] += histograms[i];
        return histograms[..Digits];
    }

    /// <summary>Flips the sign bit of numbers from zero up and every bit of those below: as an integer, the key then has the score's order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Key(double score)
    {
        var bits = BitConverter.DoubleToInt64Bits(score + 0.0); // -0 + 0 = +0
        return (ulong)(bits ^ ((bits >> 63) | long.MinValue));
    }

    /// <summary>The score of a key. −0 is no score's key: where an interval of negative numbers ends with it, the largest of them does.</summary>
    private static double Score(ulong key) =>
        key == long.MaxValue ? -double.Epsilon : BitConverter.Int64BitsToDouble((long)key < 0 ? (long)key ^ long.MinValue : ~(long)key);

    /// <param name="parameters">What was counted.</param>
    /// <param name="nonFinite">How many keys begin with the first or the last digit: an exponent of ones, with either sign.</param>
    private static void RefuseNonFinite(IReadOnlyList<ScoredParameter> parameters, long nonFinite)
    {
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

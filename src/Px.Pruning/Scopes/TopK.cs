using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>Keeps the k largest scores of several tensors by radix selection, straight from tensor memory.</summary>
/// <remarks>
/// A score becomes a 64-bit key whose unsigned order is the scores' order. A sample tells between which two scores the k-th largest lies; if
/// counting those above proves it wrong, all are looked at. A pass then counts in which of 4096 equal parts of that interval every key lies, and goes on
/// with the part that holds the k-th. Scores of an interval are found by comparing vectors of 256 bits, so that few keys are made at all. After two or three
/// passes the threshold is known, and a last one compares.
/// <para><b>Cost:</b> O(N) time, some five readings of the scores; 128 KiB beside the masks.</para>
/// </remarks>
internal static class TopK
{
    private const int DigitBits = 12;
    private const int Digits = 1 << DigitBits;

    // Neighbours are often alike. Counted in turn in several histograms, they do not wait for each other's sums.
    private const int Histograms = 4;

    // So many masks are a vector; so many scores are a block.
    internal const int Block = 32;
    internal const int Quad = 4;

    /// <summary>Keeps the <paramref name="count"/> largest scores of weights that are alive, or all of these where they are fewer.</summary>
    /// <param name="parameters">The scores; of equal ones the earlier is kept.</param>
    /// <param name="count">How many to keep, at least 0.</param>
    /// <returns>New bool CPU tensors, <see langword="true"/> where kept.</returns>
    /// <exception cref="NonFiniteScoreException">The score of a weight that is alive is NaN or infinite.</exception>
    public static IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        if (Px.Pruning.Probing.Off.Is("vectors")) return PlainTopK.Select(parameters, count);
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
        var alive = parameters.Sum(parameter => (long)Alive(parameter).Count((byte)1));
        var within = count > 0 && count < alive ? ScoreSample.Around(parameters, alive, count) : ScoreInterval.Everything;
        var tally = default(ScoreTally);
        foreach (var parameter in parameters)
            tally.Add(Scores(parameter), Alive(parameter), within);
        RefuseNonFinite(parameters, tally.NonFinite);
        if (count == 0)
            return new(double.PositiveInfinity, 0);
        if (count >= alive)
            return new(double.NegativeInfinity, 0);
        var wanted = count - tally.Above; // how many are kept of those in the interval
        if (wanted <= 0 || wanted > tally.Within)
            (within, wanted) = (ScoreInterval.Everything, count); // the sample misled

        var (low, high) = (ScoreInterval.Key(within.Low), ScoreInterval.Key(within.High));
        for (var shift = 64; ;)
        {
            shift = Math.Max(0, Math.Min(shift, 64 - BitOperations.LeadingZeroCount(high - low)) - DigitBits);
            histograms.Clear();
            var (and, or) = (ulong.MaxValue, 0UL);
            foreach (var parameter in parameters)
                Count(Scores(parameter), Alive(parameter), within, low, shift, histograms, ref and, ref or);
            var histogram = AddUp(histograms);
            if (and == or)
                return new(ScoreInterval.Score(or), wanted); // all are equal

            var digit = Digits - 1;
            for (; histogram[digit] < wanted; digit--)
                wanted -= histogram[digit];
            low += (ulong)digit << shift;
            high = Math.Min(high, low + ((1UL << shift) - 1));
            within = ScoreInterval.OfKeys(low, high);
            if (histogram[digit] == wanted)
                return new(Math.BitDecrement(within.Low), 0);
        }
    }

    /// <summary>Counts which part of an interval the scores in it lie in, and tells by which bits their keys differ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Count(
        ReadOnlySpan<double> scores, ReadOnlySpan<byte> alive, ScoreInterval within, ulong first, int shift, Span<long> histograms, ref ulong and, ref ulong or)
    {
        var quads = MemoryMarshal.Cast<double, Vector256<double>>(scores);
        var blocks = MemoryMarshal.Cast<byte, Vector256<byte>>(alive[..scores.Length]);
        for (var block = 0; block < blocks.Length; block++)
        {
            var candidates = Living(blocks[block]) & Inside(quads.Slice(block * (Block / Quad), Block / Quad), within.Low, within.High);
            for (; candidates != 0; candidates &= candidates - 1)
            {
                var i = BitOperations.TrailingZeroCount(candidates);
                var key = ScoreInterval.Key(scores[block * Block + i]);
                (and, or) = (and & key, or | key);
                histograms[i % Histograms * Digits + (int)((key - first) >> shift)]++;
            }
        }

        for (var i = blocks.Length * Block; i < scores.Length; i++)
        {
            if (alive[i] == 0 || !(scores[i] >= within.Low && scores[i] <= within.High))
                continue;
            var key = ScoreInterval.Key(scores[i]);
            (and, or) = (and & key, or | key);
            histograms[(int)((key - first) >> shift)]++;
        }
    }

    /// <summary>Which of a block's weights are alive, the first as the lowest bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Living(Vector256<byte> alive) => ~Vector256.Equals(alive, Vector256<byte>.Zero).ExtractMostSignificantBits();

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

    /// <param name="parameters">What was counted.</param>
    /// <param name="nonFinite">How many scores of weights that are alive are NaN or infinite.</param>
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

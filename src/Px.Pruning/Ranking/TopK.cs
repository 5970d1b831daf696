using System.Numerics;
using Px.Bytes;
using static TorchSharp.torch;

namespace Px.Pruning.Ranking;

// Keeps the k largest scores of several tensors by radix selection, directly on tensor memory. A score becomes a 64-bit key whose unsigned
// order is the order of the scores. The k-th largest key is found twelve bits at a time, sign and exponent first: each pass counts the next
// bits of those keys that agree with it so far, until all of these are kept. O(N) time in three or four passes, at most six; no memory
// except the masks.
internal static class TopK
{
    private const int DigitBits = 12; // as many as sign and exponent have
    private const int Digits = 1 << DigitBits;

    // Keeps the count largest scores among weights that are alive, or all of them if there are fewer. Returns new bool CPU tensors.
    internal static IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        var cut = Find(parameters, count);
        if (cut is { Score: 0, Ties: > 0 and < long.MaxValue } && parameters.All(parameter => parameter.Magnitude is not null))
            return SelectAmongZeros(parameters, cut.Ties);
        using var scope = NewDisposeScope();
        return [.. parameters.Select(parameter => Mark(parameter, ref cut)).ToList().Select(mask => mask.MoveToOuterDisposeScope())];
    }

    // The same for each parameter by itself.
    internal static IReadOnlyList<Tensor> SelectEach(IReadOnlyList<ScoredParameter> parameters, IReadOnlyList<long> counts)
    {
        using var scope = NewDisposeScope();
        var masks = parameters.Select((parameter, i) => Select([parameter], counts[i])[0]).ToList();
        return masks.ConvertAll(mask => mask.MoveToOuterDisposeScope());
    }

    internal static void ThrowIfNonFinite(IReadOnlyList<ScoredParameter> parameters) => Find(parameters, count: 0);

    // A score of zero says nothing: of the weights that have it the largest are kept.
    private static IReadOnlyList<Tensor> SelectAmongZeros(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        using var scope = NewDisposeScope();
        var zeros = parameters.Select(p => new ScoredParameter(p.Name, p.Magnitude!(), p.Alive.logical_and(p.Scores.eq(0)))).ToList();
        var chosen = Select(zeros, count);
        return [.. parameters.Zip(chosen, (p, some) => p.Scores.gt(0).logical_and_(p.Alive).logical_or_(some).MoveToOuterDisposeScope())];
    }

    // Scores above Score are kept, and so many of those that equal it.
    private record struct Cut(double Score, long Ties);

    private static Cut Find(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        var histogram = new long[Digits];
        ulong known = 0; // the leading bits of the k-th largest key
        for (int shift = 64; shift > 0;)
        {
            bool first = shift == 64;
            int bits = Math.Min(DigitBits, shift);
            shift -= bits;
            Array.Clear(histogram);
            foreach (var parameter in parameters) Count(parameter, known, shift, 1 << bits, histogram);
            // NaN and the infinities have the largest exponent of either sign.
            if (first && histogram[0] + histogram[Digits - 1] is > 0 and var found) throw NonFinite(parameters, found);
            if (count == 0) return new(double.PositiveInfinity, 0);
            if (first && count >= histogram.Sum()) return new(double.NegativeInfinity, 0);
            int digit = Digit(histogram, ref count);
            known |= (ulong)digit << shift;
            if (histogram[digit] == count) return new(Score(known), long.MaxValue);
        }

        return new(Score(known), count);
    }

    // The digit of the k-th largest key; k becomes its rank among the keys with that digit.
    private static int Digit(long[] histogram, ref long k)
    {
        int digit = Digits - 1;
        for (; histogram[digit] < k; digit--) k -= histogram[digit];
        return digit;
    }

    // Counts the digits at shift of the keys that agree with known above it.
    private static void Count(ScoredParameter parameter, ulong known, int shift, int digits, long[] histogram)
    {
        if (parameter.Scores.dtype == ScalarType.Float32) Count<float>(parameter, known, shift, digits, histogram);
        else Count<double>(parameter, known, shift, digits, histogram);
    }

    private static void Count<T>(ScoredParameter parameter, ulong known, int shift, int digits, long[] histogram)
        where T : unmanaged, INumberBase<T>
    {
        var alive = new TensorMemory<byte>(parameter.Alive); // 0 or 1
        long before = 0;
        foreach (var scores in new TensorMemory<T>(parameter.Scores))
        {
            ReadOnlySpan<byte> counted = alive.Slice(before, scores.Length);
            before += scores.Length;
            for (int i = 0; i < scores.Length; i++)
            {
                ulong digit = (Key(double.CreateTruncating(scores[i])) ^ known) >> shift;
                if (digit < (ulong)digits) histogram[digit] += counted[i];
            }
        }
    }

    private static Tensor Mark(ScoredParameter parameter, ref Cut cut) => parameter.Scores.dtype == ScalarType.Float32
        ? Mark<float>(parameter, ref cut) : Mark<double>(parameter, ref cut);

    private static Tensor Mark<T>(ScoredParameter parameter, ref Cut cut) where T : unmanaged, INumberBase<T>
    {
        var mask = empty(parameter.Scores.shape, ScalarType.Bool, CPU);
        TensorMemory<byte> alive = new(parameter.Alive), kept = new(mask);
        double least = cut.Ties == long.MaxValue ? cut.Score : Math.BitIncrement(cut.Score);
        long before = 0;
        foreach (var scores in new TensorMemory<T>(parameter.Scores))
        {
            ReadOnlySpan<byte> counted = alive.Slice(before, scores.Length);
            var marks = kept.Slice(before, scores.Length);
            for (int i = 0; i < scores.Length; i++)
            {
                double score = double.CreateTruncating(scores[i]);
                marks[i] = (byte)(score >= least ? counted[i] : 0);
                if (score != cut.Score || cut.Ties is 0 or long.MaxValue || counted[i] == 0) continue;
                marks[i] = 1;
                cut.Ties--;
            }

            before += scores.Length;
        }

        return mask;
    }

    // A score as an unsigned integer of the same order: flips the sign bit of positive numbers and every bit of negative ones.
    private static ulong Key(double score)
    {
        long bits = BitConverter.DoubleToInt64Bits(score + 0.0); // -0 + 0 = +0
        return (ulong)(bits ^ ((bits >> 63) | long.MinValue));
    }

    private static double Score(ulong key) => BitConverter.Int64BitsToDouble((long)key < 0 ? (long)key ^ long.MinValue : ~(long)key);

    private static NonFiniteScoreException NonFinite(IReadOnlyList<ScoredParameter> parameters, long found)
    {
        var first = parameters.First(parameter =>
        {
            var histogram = new long[Digits];
            Count(parameter, known: 0, 64 - DigitBits, Digits, histogram);
            return histogram[0] + histogram[Digits - 1] > 0;
        });
        return new NonFiniteScoreException(
            $"{found} scores are NaN or infinite, the first in '{first.Name}', so that nothing can be ranked; the model is unchanged. "
            + NonFiniteScoreException.Remedy)
        { Parameter = first.Name };
    }
}

// One parameter's scores (float64 or float32) and which of its weights are not pruned yet (bool), both contiguous on the CPU. Borrows the
// tensors. Scores of pruned weights are ignored.
internal sealed record ScoredParameter(string Name, Tensor Scores, Tensor Alive)
{
    // Makes |θ|, like the scores, where a ranking is cut among scores of zero; null where the order of the weights decides there.
    internal Func<Tensor>? Magnitude { get; init; }

    // Null for what is not the weight of a convolution or linear layer.
    internal InputAxis? Inputs { get; init; }

    internal static ScoredParameter Of(string name, Tensor scores, PruningMask? mask)
    {
        var alive = mask?.Contains(name) == true ? mask[name] : ones(scores.shape, ScalarType.Bool);
        return alive.shape.SequenceEqual(scores.shape)
            ? new(name, scores, alive)
            : throw new ArgumentException(
                $"The mask of '{name}' has shape {ShapeText.Of(alive.shape)}, its scores {ShapeText.Of(scores.shape)}.", nameof(mask));
    }
}

// The fraction of weights to keep, in [0, 1], and how it becomes a number of weights.
internal readonly record struct KeepCount(double Density, WeightCounting Counting = WeightCounting.Rounded)
{
    internal long Of(long total) => Counting switch
    {
        // The very expression of the authors' code, so that it rounds alike.
        WeightCounting.Truncated => total - (long)((1 - Density) * total),
        _ => (long)Math.Round(Density * total, MidpointRounding.AwayFromZero),
    };
}

using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>Keeps the k largest scores of several tensors by radix selection, straight from tensor memory.</summary>
/// <remarks>
/// A score becomes a 64-bit key whose unsigned order is the scores' order. Each of at most four passes counts how often every value of the
/// next 16 bits occurs among the keys that share the k-th largest key's leading bits, which fixes 16 more bits of that key.
/// <para><b>Cost:</b> O(N) time, 512 KiB beside the masks. A pass is skipped when the keys found so far are exactly those to keep.</para>
/// </remarks>
internal static class TopK
{
    private const int DigitBits = 16;
    private const int Digits = 1 << DigitBits;

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

    /// <summary>The key that separates kept from pruned, and how many of the keys equal to it are kept.</summary>
    private static (ulong Key, long EqualsKept) Threshold(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        var histogram = new long[Digits];
        var (key, known, wanted) = (0UL, 0UL, count); // `known`: ones where bits of `key` are settled
        for (var shift = 64 - DigitBits; shift >= 0; shift -= DigitBits)
        {
            Array.Clear(histogram);
            foreach (var parameter in parameters)
                Count(parameter, key, known, shift, histogram);
            if (known == 0)
            {
                RefuseNonFinite(parameters, histogram);
                if (count == 0)
                    return (ulong.MaxValue, 0);
                if (count >= histogram.Sum())
                    return (0, long.MaxValue);
            }

            var digit = Digits - 1;
            for (; histogram[digit] < wanted; digit--)
                wanted -= histogram[digit];
            key |= (ulong)digit << shift;
            known |= (ulong)(Digits - 1) << shift;
            if (histogram[digit] == wanted)
                return (key, long.MaxValue); // every key from here up is kept, whatever its other bits
        }

        return (key, wanted);
    }

    private static void Count(ScoredParameter parameter, ulong key, ulong known, int shift, long[] histogram)
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
    private static ulong Key(double score)
    {
        var bits = BitConverter.DoubleToInt64Bits(score + 0.0); // -0 + 0 = +0
        return (ulong)(bits ^ ((bits >> 63) | long.MinValue));
    }

    private static void RefuseNonFinite(IReadOnlyList<ScoredParameter> parameters, long[] histogram)
    {
        var nonFinite = histogram.AsSpan(0, NonFiniteDigits).ToArray().Sum() + histogram.AsSpan(Digits - NonFiniteDigits).ToArray().Sum();
        if (nonFinite == 0)
            return;
        var parameter = parameters.First(HasNonFinite);
        throw new NonFiniteScoreException(
            $"{nonFinite} scores are NaN or infinite, the first in '{parameter.Name}', so that nothing can be ranked; the model is unchanged. " +
            "Check that its weights and its output on the pruning data are finite, prune a float32 or float64 model instead of a half-precision one, or scale the inputs down.")
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

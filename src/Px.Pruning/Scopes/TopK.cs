using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>Keeps the k largest scores of several tensors by radix selection, straight from tensor memory.</summary>
/// <remarks>
/// A score becomes a 64-bit key whose unsigned order is the scores' order. Each pass counts the next 16 bits of the keys that agree with the k-th
/// largest so far, until its key is known; a last pass compares.
/// <para><b>Cost:</b> O(N) time, at most five readings of the scores; 512 KiB beside the masks.</para>
/// </remarks>
internal static class TopK
{
    private const int DigitBits = 16;
    private const int Digits = 1 << DigitBits;

    /// <summary>Keeps the <paramref name="count"/> largest scores of weights that are alive, or all of these where they are fewer.</summary>
    /// <param name="parameters">The scores; of equal ones the earlier is kept.</param>
    /// <param name="count">How many to keep, at least 0.</param>
    /// <returns>New bool CPU tensors, <see langword="true"/> where kept.</returns>
    /// <exception cref="NonFiniteScoreException">The score of a weight that is alive is NaN or infinite.</exception>
    public static IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        var cut = Find(parameters, count);
        using var scope = NewDisposeScope();
        return [.. parameters.Select(parameter => Mark(parameter, ref cut)).ToList().Select(mask => mask.MoveToOuterDisposeScope())];
    }

    /// <summary>Keeps so many of each parameter by itself.</summary>
    /// <inheritdoc cref="Select"/>
    /// <param name="parameters">The scores; of equal ones the earlier is kept.</param>
    /// <param name="counts">How many to keep of each, at least 0.</param>
    public static IReadOnlyList<Tensor> SelectEach(IReadOnlyList<ScoredParameter> parameters, IReadOnlyList<long> counts)
    {
        using var scope = NewDisposeScope();
        var masks = parameters.Select((parameter, i) => Select([parameter], counts[i])[0]).ToList();
        return masks.ConvertAll(mask => mask.MoveToOuterDisposeScope());
    }

    /// <summary>Where the ranking is cut: larger keys are kept, and so many of those that equal it.</summary>
    private record struct Cut(ulong Key, long Ties);

    private static Cut Find(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        RefuseNonFinite(parameters);
        if (count == 0) return new(ulong.MaxValue, 0);
        if (count >= parameters.Sum(parameter => (long)Alive(parameter).Count((byte)1))) return new(0, 0); // no finite score has the key 0
        var histogram = new long[Digits];
        ulong known = 0;
        for (int shift = 64 - DigitBits; ; shift -= DigitBits)
        {
            Array.Clear(histogram);
            foreach (var parameter in parameters) Count(parameter, histogram, known, shift);
            int digit = Digits - 1;
            for (; histogram[digit] < count; digit--) count -= histogram[digit];
            known |= (ulong)digit << shift;
            if (histogram[digit] == count) return new(known - 1, 0); // all that begin with this digit
            if (shift == 0) return new(known, count);
        }
    }

    /// <summary>Counts the digits at <paramref name="shift"/> of the keys that agree with <paramref name="known"/> above them.</summary>
    private static void Count(ScoredParameter parameter, long[] histogram, ulong known, int shift)
    {
        ReadOnlySpan<double> scores = Scores(parameter);
        ReadOnlySpan<byte> alive = Alive(parameter);
        ulong above = shift + DigitBits == 64 ? 0 : ulong.MaxValue << (shift + DigitBits);
        for (int i = 0; i < scores.Length; i++)
        {
            if (alive[i] == 0) continue;
            ulong key = Key(scores[i]);
            if ((key & above) == known) histogram[(int)(key >> shift) & (Digits - 1)]++;
        }
    }

    private static Tensor Mark(ScoredParameter parameter, ref Cut cut)
    {
        var mask = zeros(parameter.Scores.shape, ScalarType.Bool, CPU);
        ReadOnlySpan<double> scores = Scores(parameter);
        ReadOnlySpan<byte> alive = Alive(parameter);
        var kept = mask.bytes;
        for (int i = 0; i < scores.Length; i++)
        {
            if (alive[i] == 0) continue;
            ulong key = Key(scores[i]);
            if (key < cut.Key || (key == cut.Key && cut.Ties-- <= 0)) continue;
            kept[i] = 1;
        }

        return mask;
    }

    /// <summary>A score as an unsigned integer of the same order: flips the sign bit of numbers from zero up and every bit of those below.</summary>
    private static ulong Key(double score)
    {
        long bits = BitConverter.DoubleToInt64Bits(score + 0.0); // -0 + 0 = +0
        return (ulong)(bits ^ ((bits >> 63) | long.MinValue));
    }

    private static void RefuseNonFinite(IReadOnlyList<ScoredParameter> parameters)
    {
        long found = parameters.Sum(NonFinite);
        if (found == 0) return;
        var parameter = parameters.First(parameter => NonFinite(parameter) > 0);
        throw new NonFiniteScoreException(
            $"{found} scores are NaN or infinite, the first in '{parameter.Name}', so that nothing can be ranked; the model is unchanged. " +
            NonFiniteScoreException.Remedy)
        {
            Parameter = parameter.Name,
        };
    }

    private static long NonFinite(ScoredParameter parameter)
    {
        ReadOnlySpan<double> scores = Scores(parameter);
        ReadOnlySpan<byte> alive = Alive(parameter);
        long found = 0;
        for (int i = 0; i < scores.Length; i++)
            if (alive[i] != 0 && !double.IsFinite(scores[i])) found++;
        return found;
    }

    private static ReadOnlySpan<double> Scores(ScoredParameter parameter) => MemoryMarshal.Cast<byte, double>(parameter.Scores.bytes);

    private static ReadOnlySpan<byte> Alive(ScoredParameter parameter) => parameter.Alive.bytes; // 0 or 1
}

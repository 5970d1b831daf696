using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>Keeps the k largest scores of several tensors by radix selection, straight from tensor memory.</summary>
/// <remarks>
/// A score becomes a 64-bit key whose unsigned order is the scores' order. Sign and exponent, the first 12 bits, are counted for all; of the keys that
/// agree in them with the k-th largest, 12 more bits at a time, until its key is known. Then every key is compared with it.
/// <para><b>Cost:</b> O(N) time, three readings of the scores; memory for the keys that share the k-th's exponent.</para>
/// </remarks>
internal static class TopK
{
    private const int DigitBits = 12; // as many as sign and exponent have
    private const int Digits = 1 << DigitBits;
    private const int FractionBits = 64 - DigitBits;

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
        var histogram = new long[Digits];
        foreach (var parameter in parameters) CountExponents(parameter, histogram);
        // NaN and the infinities have the largest exponent of either sign.
        if (histogram[0] + histogram[Digits - 1] is > 0 and var found) throw NonFinite(parameters, found);
        if (count == 0) return new(ulong.MaxValue, 0);
        if (count >= histogram.Sum()) return new(0, 0); // no finite score has the key 0
        ulong known = (ulong)Digit(histogram, ref count) << FractionBits;
        var candidates = new List<ulong>((int)Math.Min(histogram[known >> FractionBits], Array.MaxLength));
        foreach (var parameter in parameters) Collect(parameter, known, candidates);
        for (int shift = FractionBits; candidates.Count > count && shift > 0;)
        {
            shift = Math.Max(0, shift - DigitBits);
            Array.Clear(histogram);
            foreach (ulong key in candidates) histogram[(int)(key >> shift) & (Digits - 1)]++;
            int digit = Digit(histogram, ref count);
            candidates.RemoveAll(key => ((int)(key >> shift) & (Digits - 1)) != digit);
        }

        // All candidates are kept, or they are equal.
        return candidates.Count == count ? new(candidates.Min() - 1, 0) : new(candidates[0], count);
    }

    /// <summary>The digit of the k-th largest key; k becomes its rank among the keys with that digit.</summary>
    private static int Digit(long[] histogram, ref long k)
    {
        int digit = Digits - 1;
        for (; histogram[digit] < k; digit--) k -= histogram[digit];
        return digit;
    }

    private static void CountExponents(ScoredParameter parameter, long[] histogram)
    {
        ReadOnlySpan<double> scores = Scores(parameter);
        ReadOnlySpan<byte> alive = Alive(parameter);
        for (int i = 0; i < scores.Length; i++) histogram[Key(scores[i]) >> FractionBits] += alive[i];
    }

    private static void Collect(ScoredParameter parameter, ulong known, List<ulong> keys)
    {
        ReadOnlySpan<double> scores = Scores(parameter);
        ReadOnlySpan<byte> alive = Alive(parameter);
        for (int i = 0; i < scores.Length; i++)
        {
            ulong key = Key(scores[i]);
            if (key >> FractionBits == known >> FractionBits && alive[i] != 0) keys.Add(key);
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
            ulong key = Key(scores[i]);
            kept[i] = key > cut.Key ? alive[i] : (byte)0;
            if (key != cut.Key || cut.Ties == 0 || alive[i] == 0) continue;
            kept[i] = 1;
            cut.Ties--;
        }

        return mask;
    }

    /// <summary>A score as an unsigned integer of the same order: flips the sign bit of numbers from zero up and every bit of those below.</summary>
    private static ulong Key(double score)
    {
        long bits = BitConverter.DoubleToInt64Bits(score + 0.0); // -0 + 0 = +0
        return (ulong)(bits ^ ((bits >> 63) | long.MinValue));
    }

    private static NonFiniteScoreException NonFinite(IReadOnlyList<ScoredParameter> parameters, long found)
    {
        var first = parameters.First(parameter =>
        {
            var histogram = new long[Digits];
            CountExponents(parameter, histogram);
            return histogram[0] + histogram[Digits - 1] > 0;
        });
        return new NonFiniteScoreException(
            $"{found} scores are NaN or infinite, the first in '{first.Name}', so that nothing can be ranked; the model is unchanged. "
            + NonFiniteScoreException.Remedy)
        { Parameter = first.Name };
    }

    private static ReadOnlySpan<double> Scores(ScoredParameter parameter) => MemoryMarshal.Cast<byte, double>(parameter.Scores.bytes);

    private static ReadOnlySpan<byte> Alive(ScoredParameter parameter) => parameter.Alive.bytes; // 0 or 1
}

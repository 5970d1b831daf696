using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>Keeps the k largest scores of several tensors by radix selection, 16 bits at a time, straight from tensor memory.</summary>
internal static class PlainTopK
{
    private const int DigitBits = 16;

    internal static IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        var (threshold, ties) = Threshold(parameters, count);
        using var scope = NewDisposeScope();
        var masks = parameters.Select(parameter => zeros(parameter.Scores.shape, ScalarType.Bool, CPU)).ToList();
        for (int i = 0; i < masks.Count; i++)
        {
            var scores = Scores(parameters[i]);
            var alive = parameters[i].Alive.bytes;
            var kept = masks[i].bytes;
            for (int j = 0; j < scores.Length; j++)
            {
                if (alive[j] == 0) continue;
                ulong key = Key(scores[j]);
                if (key > threshold) kept[j] = 1;
                else if (key == threshold && ties-- > 0) kept[j] = 1;
            }
        }

        return masks.ConvertAll(mask => mask.MoveToOuterDisposeScope());
    }

    private static (ulong Threshold, long Ties) Threshold(IReadOnlyList<ScoredParameter> parameters, long count)
    {
        var histogram = new int[1 << DigitBits];
        ulong prefix = 0;
        for (int shift = 64 - DigitBits; ; shift -= DigitBits)
        {
            Array.Clear(histogram);
            bool first = shift == 64 - DigitBits;
            foreach (var parameter in parameters)
            {
                var scores = Scores(parameter);
                var alive = parameter.Alive.bytes;
                for (int j = 0; j < scores.Length; j++)
                {
                    ulong key = Key(scores[j]);
                    if (alive[j] != 0 && (first || key >> (shift + DigitBits) == prefix >> (shift + DigitBits))) histogram[(int)(key >> shift) & 0xffff]++;
                }
            }

            int digit = histogram.Length - 1;
            for (; digit > 0 && histogram[digit] < count; digit--) count -= histogram[digit];
            prefix |= (ulong)digit << shift;
            if (shift == 0) return (prefix, count);
            if (histogram[digit] == count) return (prefix - 1, 0);
        }
    }

    private static ulong Key(double score)
    {
        long bits = BitConverter.DoubleToInt64Bits(score + 0.0);
        return (ulong)(bits ^ ((bits >> 63) | long.MinValue));
    }

    private static ReadOnlySpan<double> Scores(ScoredParameter parameter) => MemoryMarshal.Cast<byte, double>(parameter.Scores.bytes);
}

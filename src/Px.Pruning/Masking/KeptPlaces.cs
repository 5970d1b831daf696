using System.Numerics;
using Px.Bytes;
using static TorchSharp.torch;

namespace Px.Pruning.Masking;

// Which weights a mask keeps, in bytes, by their row-major order. Bits: one a weight, the first in a byte's highest bit, and zeros after
// the last. Gaps: for each kept weight the number of pruned ones before it, since the last kept one; 255 stands for 255 pruned weights
// and goes on. Gaps are shorter where less than about one weight in eight is kept.
internal static class KeptPlaces
{
    private const byte More = 255;

    internal static byte[] Bits(Tensor mask)
    {
        var marks = new TensorMemory<byte>(mask);
        var bits = new byte[BitsLength(marks.Length)];
        for (long i = 0; i < marks.Length; i++) bits[i / 8] |= (byte)(marks[i] << (int)(7 - i % 8));
        return bits;
    }

    // Null where they take as many bytes as bits or more.
    internal static byte[]? ShorterGaps(Tensor mask)
    {
        var marks = new TensorMemory<byte>(mask);
        var gaps = new byte[BitsLength(marks.Length)];
        long count = 0, gap = 0;
        for (long i = 0; i < marks.Length; i++)
        {
            bool kept = marks[i] != 0;
            if (kept || ++gap == More)
            {
                if (count + 1 >= gaps.Length) return null;
                gaps[count++] = (byte)gap;
                gap = 0;
            }
        }

        // A 255 after the last kept weight says nothing.
        while (count > 0 && gaps[count - 1] == More) count--;
        return gaps[..(int)count];
    }

    internal static long BitsLength(long weights) => (weights + 7) / 8;

    // How many weights are kept.
    internal static long CountBits(Tensor bits)
    {
        long count = 0;
        foreach (var part in new TensorMemory<byte>(bits))
        {
            foreach (byte eight in part) count += BitOperations.PopCount(eight);
        }

        return count;
    }

    internal static long CountGaps(Tensor gaps)
    {
        long count = 0;
        foreach (var part in new TensorMemory<byte>(gaps)) count += part.Length - part.Count(More);
        return count;
    }

    // Marks the kept weights in a mask of zeros; false where the bits are of another number of weights. Their length fits.
    internal static bool TryReadBits(Tensor bits, Tensor mask)
    {
        TensorMemory<byte> source = new(bits), marks = new(mask);
        for (long i = 0; i < marks.Length; i++) marks[i] = (byte)(source[i / 8] >> (int)(7 - i % 8) & 1);
        return marks.Length % 8 == 0 || (byte)(source[source.Length - 1] << (int)(marks.Length % 8)) == 0;
    }

    // The same for gaps, of any length; false where they lead beyond the last weight.
    internal static bool TryReadGaps(Tensor gaps, Tensor mask)
    {
        TensorMemory<byte> source = new(gaps), marks = new(mask);
        long place = 0;
        for (long i = 0; i < source.Length; i++)
        {
            place += source[i];
            if (place >= marks.Length) return false;
            if (source[i] != More) marks[place++] = 1;
        }

        return source.Length == 0 || source[source.Length - 1] != More;
    }
}

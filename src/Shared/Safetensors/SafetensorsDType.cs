using System.Text.Json;

namespace Px.Safetensors;

// The element types of the safetensors format, with their widths. The order is that of the reference implementation, whose writer puts the
// last types first, so that every tensor's data starts at a multiple of its element size.
internal static class SafetensorsDType
{
    private static readonly (string Name, int Bits)[] Known =
    [
        ("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8), ("F8_E8M0", 8),
        ("I16", 16), ("U16", 16), ("F16", 16), ("BF16", 16), ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64), ("F64", 64), ("I64", 64),
        ("U64", 64),
    ];

    // The type that a JSON text names, or null if the format has no such type.
    internal static string? TryRead(ref Utf8JsonReader text)
    {
        foreach (var (name, _) in Known)
        {
            if (text.ValueTextEquals(name)) return name;
        }

        return null;
    }

    // The index in the reference order, or -1 if the format has no such type.
    internal static int Rank(string dtype) => Array.FindIndex(Known, known => known.Name == dtype);

    // The number of bytes of a tensor, or -1 if that is not a whole number or does not fit 63 bits. Also in an empty tensor the product of
    // the other sizes must fit, since strides are computed from it.
    internal static long ByteCount(string dtype, ReadOnlySpan<long> shape)
    {
        var bits = (UInt128)Known[Rank(dtype)].Bits;
        var empty = false;
        foreach (var size in shape)
        {
            empty |= size == 0;
            bits *= (UInt128)Math.Max(size, 1);
            if (bits > long.MaxValue) return -1;
        }

        return empty ? 0 : bits % 8 == 0 ? (long)(bits / 8) : -1;
    }
}

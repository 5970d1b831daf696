namespace TorchSharp.Utils;

/// <summary>Numbers as seven bits a byte, lowest first: how module files count.</summary>
internal static class Leb128
{
    internal static void WriteLeb128(this BinaryWriter writer, long value) => writer.Write7BitEncodedInt64(value);

    internal static long ReadLeb128(this BinaryReader reader) => reader.Read7BitEncodedInt64();
}

using System.Buffers;
using System.Buffers.Binary;

namespace Px.Pruning.Models.StateDicts.Bytes;

// Little-endian numbers and bytes, one after the other.
internal sealed class ByteWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new();

    internal ReadOnlySpan<byte> Written => buffer.WrittenSpan;

    internal ByteWriter UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(buffer.GetSpan(sizeof(ushort)), value);
        buffer.Advance(sizeof(ushort));
        return this;
    }

    internal ByteWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.GetSpan(sizeof(uint)), value);
        buffer.Advance(sizeof(uint));
        return this;
    }

    internal ByteWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(buffer.GetSpan(sizeof(long)), value);
        buffer.Advance(sizeof(long));
        return this;
    }

    internal ByteWriter Byte(byte value) => Bytes([value]);

    internal ByteWriter Bytes(ReadOnlySpan<byte> values)
    {
        buffer.Write(values);
        return this;
    }
}

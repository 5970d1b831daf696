using System.Buffers.Binary;

namespace Px.Pruning.Models.StateDicts.Zip;

// The checksum of zip files: CRC-32 with the reflected polynomial EDB88320, eight bytes a step.
internal struct Crc32
{
    private const int Width = 8;

    // Table[256·k + b] is the checksum's register after byte b and k zero bytes.
    private static readonly uint[] Table = MakeTable();

    // The checksum of what was appended; 0 for nothing.
    internal uint Value { get; private set; }

    internal void Append(ReadOnlySpan<byte> bytes)
    {
        var register = ~Value;
        for (; bytes.Length >= Width; bytes = bytes[Width..])
        {
            var low = register ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            register = Entry(7, low) ^ Entry(6, low >> 8) ^ Entry(5, low >> 16) ^ Entry(4, low >> 24)
                ^ Entry(3, high) ^ Entry(2, high >> 8) ^ Entry(1, high >> 16) ^ Entry(0, high >> 24);
        }

        foreach (var value in bytes)
            register = Entry(0, register ^ value) ^ (register >> 8);
        Value = ~register;
    }

    private static uint Entry(int zeros, uint value) => Table[(zeros << 8) | (int)(value & 0xFF)];

    private static uint[] MakeTable()
    {
        var table = new uint[Width << 8];
        for (var i = 0; i < 256; i++)
        {
            var register = (uint)i;
            for (var bit = 0; bit < 8; bit++)
                register = (register >> 1) ^ ((register & 1) * 0xEDB88320);
            table[i] = register;
        }

        for (var i = 256; i < table.Length; i++)
            table[i] = table[table[i - 256] & 0xFF] ^ (table[i - 256] >> 8);
        return table;
    }
}

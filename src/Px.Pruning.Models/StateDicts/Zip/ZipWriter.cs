using System.Text;
using Px.Pruning.Models.StateDicts.Bytes;
using Px.Safetensors;

namespace Px.Pruning.Models.StateDicts.Zip;

// Writes zip archives as PyTorch lays them out: files uncompressed, their data at multiples of 64 bytes, numbers of 64 bits throughout.
// Equal contents give equal bytes: every file bears the first date that the format knows.
internal sealed class ZipWriter(Stream stream)
{
    private const int Alignment = 64;
    private const ushort Version = 45, Utf8Names = 1 << 11, FirstDate = (1 << 5) | 1;

    // PyTorch's name for the extra field that is only there for its length, and what it fills it with.
    private const ushort Padding = 0x4246;
    private const byte Filler = (byte)'Z';

    private readonly List<(string Name, ZipEntry Entry)> entries = [];
    private long position;

    internal void Add(string name, byte[] content) => Add(name, content.Length, forChunk => forChunk(content));

    // Adds a file.
    internal void Add(string name, long length, Action<TensorBytes.ChunkAction> forEachChunk)
    {
        var checksum = new Crc32();
        forEachChunk(chunk => checksum.Append(chunk));
        var entry = new ZipEntry(position, length, length, checksum.Value, IsDeflated: false);
        entries.Add((name, entry));
        Write(LocalHeader(name, entry));
        forEachChunk(chunk => stream.Write(chunk));
        position += length;
    }

    // Writes the directory, after the last file.
    internal void Finish()
    {
        var offset = position;
        foreach (var (name, entry) in entries)
            Write(DirectoryHeader(name, entry));
        var (length, end) = (position - offset, position);

        var bytes = new ByteWriter();
        bytes.UInt32(ZipFormat.Directory64End).Int64(ZipFormat.Directory64EndLength - 12).UInt16(Version).UInt16(Version).UInt32(0)
            .UInt32(0);
        bytes.Int64(entries.Count).Int64(entries.Count).Int64(length).Int64(offset);
        bytes.UInt32(ZipFormat.Directory64Locator).UInt32(0).Int64(end).UInt32(1);
        bytes.UInt32(ZipFormat.DirectoryEnd).UInt16(0).UInt16(0);
        bytes.UInt16(ushort.MaxValue).UInt16(ushort.MaxValue).UInt32(ZipFormat.In64Bits).UInt32(ZipFormat.In64Bits).UInt16(0);
        Write(bytes);
    }

    private static ByteWriter LocalHeader(string name, ZipEntry entry)
    {
        var nameBytes = Encoding.UTF8.GetBytes(name);
        var unpadded = entry.HeaderOffset + ZipFormat.LocalHeaderLength + nameBytes.Length + 20 + 4;
        var padding = (int)(Alignment - unpadded % Alignment) % Alignment;

        var bytes = new ByteWriter();
        bytes.UInt32(ZipFormat.LocalHeader).UInt16(Version);
        Description(bytes, nameBytes, entry, extraLength: 20 + 4 + padding);
        bytes.Bytes(nameBytes);
        bytes.UInt16(ZipFormat.Extra64).UInt16(16).Int64(entry.Length).Int64(entry.StoredLength);
        return bytes.UInt16(Padding).UInt16((ushort)padding).Bytes(Enumerable.Repeat(Filler, padding).ToArray());
    }

    private static ByteWriter DirectoryHeader(string name, ZipEntry entry)
    {
        var nameBytes = Encoding.UTF8.GetBytes(name);
        var bytes = new ByteWriter();
        bytes.UInt32(ZipFormat.DirectoryHeader).UInt16(Version).UInt16(Version);
        Description(bytes, nameBytes, entry, extraLength: 28);
        bytes.UInt16(0).UInt16(0).UInt16(0).UInt32(0).UInt32(ZipFormat.In64Bits).Bytes(nameBytes); // no comment, first disk, no attributes
        return bytes.UInt16(ZipFormat.Extra64).UInt16(24).Int64(entry.Length).Int64(entry.StoredLength).Int64(entry.HeaderOffset);
    }

    // The fields that both headers have, from the flags to the lengths of name and extra fields.
    private static void Description(ByteWriter bytes, byte[] name, ZipEntry entry, int extraLength) =>
        bytes.UInt16(Utf8Names).UInt16(ZipFormat.Stored).UInt16(0).UInt16(FirstDate).UInt32(entry.Checksum)
            .UInt32(ZipFormat.In64Bits).UInt32(ZipFormat.In64Bits).UInt16((ushort)name.Length).UInt16((ushort)extraLength);

    private void Write(ByteWriter bytes)
    {
        stream.Write(bytes.Written);
        position += bytes.Written.Length;
    }
}

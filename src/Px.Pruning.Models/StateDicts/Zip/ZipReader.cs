using System.Buffers.Binary;
using System.IO.Compression;
using Px.Bytes;
using Px.Pruning.Models.StateDicts.Bytes;
using Px.Safetensors;

namespace Px.Pruning.Models.StateDicts.Zip;

// A zip archive whose files are read one at a time, by name, with their checksums verified. Names are looked up, never opened.
internal sealed class ZipReader
{
    // Deflate cannot do better.
    private const long MaximumCompression = 1032;

    private readonly ByteSource archive;
    private readonly Dictionary<string, ZipEntry> entries;

    private ZipReader(ByteSource archive, Dictionary<string, ZipEntry> entries) => (this.archive, this.entries) = (archive, entries);

    // The names of all files.
    internal IReadOnlyCollection<string> Names => entries.Keys;

    // Throws InvalidDataException if the archive is damaged.
    internal static ZipReader Open(ByteSource archive, MemoryBudget budget) => new(archive, ZipDirectory.Read(archive, budget));

    internal bool Contains(string name) => entries.ContainsKey(name);

    // The number of bytes that a file claims to hold: no more than deflate could have made of those that are there.
    // Throws InvalidDataException if there is no such file, or its numbers contradict each other.
    internal long Length(string name)
    {
        var entry = Find(name);
        var possible = entry.StoredLength >= 0 && entry.StoredLength <= archive.Length
            && (entry.IsDeflated ? entry.Length >= 0 && entry.Length <= entry.StoredLength * MaximumCompression
            : entry.Length == entry.StoredLength);
        return possible ? entry.Length
            : throw new InvalidDataException($"the archive's file '{Excerpt.Of(name)}' claims {entry.Length} bytes, and takes "
            + $"{entry.StoredLength} in the archive of {archive.Length}.");
    }

    // Reads a whole file.
    // Throws InvalidDataException if the file is damaged or truncated.
    internal T Read<T>(string name, Func<TensorBytes.ChunkAction, T> consume)
    {
        var entry = Find(name);
        var data = archive.SeekTo(DataOffset(name, entry));
        using var inflated = entry.IsDeflated ? new DeflateStream(data, CompressionMode.Decompress, leaveOpen: true) : null;
        var checksum = new Crc32();
        var result = consume(chunk =>
        {
            (inflated ?? data).ReadExactly(chunk);
            checksum.Append(chunk);
        });

        // PyTorch can be told to leave checksums out.
        if (entry.Checksum != 0 && entry.Checksum != checksum.Value)
        {
            throw new InvalidDataException($"the checksum of the archive's file '{Excerpt.Of(name)}' is {checksum.Value:X8} where "
                + $"{entry.Checksum:X8} was expected: the file is damaged.");
        }

        return result;
    }

    private ZipEntry Find(string name) =>
        entries.TryGetValue(name, out var entry) ? entry
            : throw new InvalidDataException($"the archive has no file '{Excerpt.Of(name)}'.");

    private long DataOffset(string name, ZipEntry entry)
    {
        if (entry.HeaderOffset >= 0 && entry.HeaderOffset <= archive.Length - ZipFormat.LocalHeaderLength)
        {
            var header = archive.ReadAt(entry.HeaderOffset, new byte[ZipFormat.LocalHeaderLength]);
            var offset = entry.HeaderOffset + ZipFormat.LocalHeaderLength
                + BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(26)) + BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(28));
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) == ZipFormat.LocalHeader && offset <= archive.Length - entry.StoredLength)
                return offset;
        }

        throw new InvalidDataException($"the archive's file '{Excerpt.Of(name)}' does not lie where its directory says: the archive is "
            + "truncated or damaged.");
    }
}

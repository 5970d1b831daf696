using System.Buffers.Binary;
using System.Text;
using Px.Bytes;
using Px.Pruning.Models.StateDicts.Bytes;

namespace Px.Pruning.Models.StateDicts.Zip;

// Reads the directory at the end of a zip archive, with 32-bit or 64-bit numbers. Every number is checked against the archive's length.
internal static class ZipDirectory
{
    // An entry in the dictionary below, with a short name.
    private const int EntryCost = 256;

    // The files of the archive by name.
    // archive: the archive; its length and position are relative to its own start.
    // Throws InvalidDataException if there is no directory, or it is damaged.
    internal static Dictionary<string, ZipEntry> Read(ByteSource archive, MemoryBudget budget)
    {
        var (offset, length, count) = Locate(archive, budget);
        var directory = archive.ReadAt(offset, budget.Allocate(length));
        var entries = new Dictionary<string, ZipEntry>(StringComparer.Ordinal);
        var rest = directory.AsSpan();
        while (rest.Length > 0)
        {
            budget.Spend(EntryCost);
            var (name, entry) = ReadEntry(ref rest, budget);
            if (!entries.TryAdd(name, entry))
                throw new InvalidDataException($"the archive has two files named '{Excerpt.Of(name)}'.");
        }

        if (entries.Count != count)
            throw new InvalidDataException($"the archive's directory has {entries.Count} files where {count} were announced.");
        return entries;
    }

    private static (long Offset, long Length, long Count) Locate(ByteSource archive, MemoryBudget budget)
    {
        var tail = budget.Allocate(Math.Min(archive.Length, ZipFormat.DirectoryEndLength + ushort.MaxValue));
        archive.ReadAt(archive.Length - tail.Length, tail);
        var at = tail.Length - ZipFormat.DirectoryEndLength;
        while (at >= 0 && !IsEnd(tail.AsSpan(at)))
            at--;
        if (at < 0)
            throw new InvalidDataException("the archive has no directory at its end: the file is truncated.");

        var end = tail.AsSpan(at, ZipFormat.DirectoryEndLength);
        var endOffset = archive.Length - tail.Length + at;
        var (count, length, offset) = ((long)UInt16(end, 10), (long)UInt32(end, 12), (long)UInt32(end, 16));
        if (Locate64(archive, endOffset) is { } found)
            (offset, length, count) = found;
        if (offset < 0 || length < 0 || length > endOffset || offset > endOffset - length)
        {
            throw new InvalidDataException($"the archive's directory should lie at byte {offset} and take {length} bytes, and {endOffset} "
                + "come before its end: the file is truncated or damaged.");
        }

        return (offset, length, count);
    }

    private static bool IsEnd(ReadOnlySpan<byte> bytes) =>
        UInt32(bytes, 0) == ZipFormat.DirectoryEnd && UInt16(bytes, 20) == bytes.Length - ZipFormat.DirectoryEndLength;

    private static (long Offset, long Length, long Count)? Locate64(ByteSource archive, long endOffset)
    {
        if (endOffset < ZipFormat.Directory64LocatorLength)
            return null;
        ReadOnlySpan<byte> locator =
            archive.ReadAt(endOffset - ZipFormat.Directory64LocatorLength, new byte[ZipFormat.Directory64LocatorLength]);
        if (UInt32(locator, 0) != ZipFormat.Directory64Locator)
            return null;
        var at = Int64(locator, 8);
        if (at < 0 || at > endOffset - ZipFormat.Directory64EndLength)
            throw new InvalidDataException($"the archive's directory should end at byte {at}, outside the file.");
        ReadOnlySpan<byte> end = archive.ReadAt(at, new byte[ZipFormat.Directory64EndLength]);
        return UInt32(end, 0) == ZipFormat.Directory64End
            ? (Int64(end, 48), Int64(end, 40), Int64(end, 32))
            : throw new InvalidDataException($"the archive's directory does not end at byte {at}, where it should.");
    }

    private static (string Name, ZipEntry Entry) ReadEntry(ref Span<byte> rest, MemoryBudget budget)
    {
        if (rest.Length < ZipFormat.DirectoryHeaderLength || UInt32(rest, 0) != ZipFormat.DirectoryHeader)
            throw new InvalidDataException("the archive's directory is damaged.");
        ReadOnlySpan<byte> header = rest;
        int nameLength = UInt16(header, 28), extraLength = UInt16(header, 30), commentLength = UInt16(header, 32);
        var total = ZipFormat.DirectoryHeaderLength + nameLength + extraLength + commentLength;
        if (rest.Length < total)
            throw new InvalidDataException("the archive's directory ends within an entry.");
        budget.Spend(sizeof(char) * (long)nameLength);
        var name = Encoding.UTF8.GetString(header.Slice(ZipFormat.DirectoryHeaderLength, nameLength));
        var method = UInt16(header, 10);
        if ((UInt16(header, 8) & 1) != 0 || method is not (ZipFormat.Stored or ZipFormat.Deflated))
        {
            throw new InvalidDataException($"the archive's file '{Excerpt.Of(name)}' is encrypted, or compressed by a method other than "
                + "deflate: zip it again without either.");
        }

        var (length, storedLength, offset) = ((long)UInt32(header, 24), (long)UInt32(header, 20), (long)UInt32(header, 42));
        var wide = Extra64(header.Slice(ZipFormat.DirectoryHeaderLength + nameLength, extraLength));
        length = Widen(length, ref wide);
        storedLength = Widen(storedLength, ref wide);
        offset = Widen(offset, ref wide);
        rest = rest[total..];
        return (name, new ZipEntry(offset, storedLength, length, UInt32(header, 16), method == ZipFormat.Deflated));
    }

    private static ReadOnlySpan<byte> Extra64(ReadOnlySpan<byte> fields)
    {
        while (fields.Length >= 4)
        {
            var length = UInt16(fields, 2);
            if (length > fields.Length - 4)
                break;
            if (UInt16(fields, 0) == ZipFormat.Extra64)
                return fields.Slice(4, length);
            fields = fields[(4 + length)..];
        }

        return [];
    }

    // A number that says "see the extra field" takes the next eight bytes there.
    private static long Widen(long number, ref ReadOnlySpan<byte> wide)
    {
        if (number != ZipFormat.In64Bits || wide.Length < sizeof(long))
            return number;
        number = Int64(wide, 0);
        wide = wide[sizeof(long)..];
        return number;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint UInt32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long Int64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}

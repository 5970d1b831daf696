using System.Buffers.Binary;

namespace Px.Pruning.Models.Data.Downloads;

// A tar on its way to TarReader, which allocates as many bytes as the header of a long name or of extended attributes asks for, before it
// looks whether they are there. Every block of 512 bytes that could be such a header is looked at; content of files that looks like one
// by chance is next to impossible, and refused. A wrong checksum excuses nothing: not every version of TarReader looks at it.
internal sealed class TarHeaderGuard(Stream source, UnpackBudget budget) : Stream
{
    // Far beyond the longest path of any system.
    internal const int MaximumMetadata = 1 << 16;

    private const int Block = 512, SizeAt = 124, SizeLength = 12, TypeAt = 156;

    private readonly byte[] buffer = new byte[128 * Block];
    private int position, filled;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> target)
    {
        if (position == filled)
        {
            (position, filled) = (0, source.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));
            for (var block = 0; block + Block <= filled; block += Block)
                Check(buffer.AsSpan(block, Block));
        }

        var count = Math.Min(target.Length, filled - position);
        buffer.AsSpan(position, count).CopyTo(target);
        position += count;
        return count;
    }

    public override int Read(byte[] target, int offset, int count) => Read(target.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            source.Dispose();
        base.Dispose(disposing);
    }

    private void Check(ReadOnlySpan<byte> block)
    {
        // Extended attributes of an entry or of all, a long name, a long link.
        if (!"xgLK"u8.Contains(block[TypeAt]))
            return;
        // What has the checksum of a header is one, whatever TarReader makes of its size.
        if ((Size(block.Slice(SizeAt, SizeLength)) ?? (IsSealed(block) ? long.MaxValue : null)) is not { } size)
            return;
        if (size > MaximumMetadata)
            throw new InvalidDataException($"A name or its attributes take {size} bytes, and {MaximumMetadata} are allowed.");
        budget.Take(size, "a header");
    }

    private static bool IsSealed(ReadOnlySpan<byte> block)
    {
        const int At = 148, Length = 8;
        var sum = Length * (long)' ';
        for (var i = 0; i < Block; i++)
            sum += i is >= At and < At + Length ? 0 : block[i];
        return Size(block.Slice(At, Length)) == sum;
    }

    // Octal digits; or big-endian behind a first bit, of which TarReader takes the last eight bytes and ignores the others.
    // Null if it is neither, or what TarReader refuses by itself: negative, or more than can be allocated.
    private static long? Size(ReadOnlySpan<byte> field)
    {
        var size = 0L;
        if (field[0] >= 0x80)
        {
            size = BinaryPrimitives.ReadInt64BigEndian(field[^8..]);
            return size is >= 0 and <= int.MaxValue ? size : null;
        }

        foreach (var digit in field)
        {
            if (digit is >= (byte)'0' and <= (byte)'7')
                size = (size << 3) | (uint)(digit - '0');
            else if (digit is not (0 or (byte)' '))
                return null;
        }

        return size;
    }
}

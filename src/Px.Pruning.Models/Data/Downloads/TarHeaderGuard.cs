using System.Buffers.Binary;
using System.Buffers.Text;
using System.Runtime.InteropServices;

namespace Px.Pruning.Models.Data.Downloads;

// A tar on its way to TarReader, which allocates as many bytes as the header of a long name or of extended attributes asks for, before it
// looks whether they are there, and does not look at checksums. So headers are looked at here, from one to the next, each with its
// checksum, and sizes as they are meant, so that TarReader finds the same ones.
internal sealed class TarHeaderGuard(Stream source, UnpackBudget budget) : Stream
{
    // Far beyond the longest path of any system.
    internal const int MaximumMetadata = 1 << 16;

    private const int Block = 512, SizeAt = 124, SizeLength = 12, SumAt = 148, SumLength = 8, TypeAt = 156;

    private readonly byte[] buffer = new byte[128 * Block];
    private readonly List<byte> attributes = [];
    private int position, filled;
    private long content; // bytes of it before the next header
    private bool hasAttributes;

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
        if (content > 0)
        {
            if (hasAttributes)
                attributes.AddRange(block[..(int)Math.Min(Block, content)]);
            content -= Block;
            if (content > 0 || !hasAttributes)
                return;
            CheckAttributes();
            return;
        }

        if (!block.ContainsAnyExcept((byte)0)) // the end
            return;
        if (Number(block.Slice(SumAt, SumLength)) != Sum(block) || Number(block.Slice(SizeAt, SizeLength)) is not { } size)
            throw new InvalidDataException("A header's checksum or size is wrong.");
        (content, hasAttributes) = (size, block[TypeAt] is (byte)'x' or (byte)'g');
        // Extended attributes of an entry or of all, a long name, a long link.
        if (!"xgLK"u8.Contains(block[TypeAt]))
            return;
        if (size > MaximumMetadata)
            throw new InvalidDataException($"A name or its attributes take {size} bytes, and {MaximumMetadata} are allowed.");
        budget.Take(size, "a header");
        attributes.Clear();
    }

    // Records "LENGTH NAME=VALUE\n". A size among them would replace that of the next header: nothing below 8 GiB needs it.
    private void CheckAttributes()
    {
        var records = CollectionsMarshal.AsSpan(attributes);
        while (records.Length > 0)
        {
            if (!Utf8Parser.TryParse(records, out int length, out var digits) || length <= digits || length > records.Length)
                throw new InvalidDataException("Extended attributes are malformed.");
            if (records[digits..length].StartsWith(" size="u8))
                throw new InvalidDataException("A file has its size among extended attributes, as those from 8 GiB on.");
            records = records[length..];
        }
    }

    // Of all bytes, those of the checksum as spaces.
    private static long Sum(ReadOnlySpan<byte> block)
    {
        var sum = SumLength * (long)' ';
        for (var i = 0; i < Block; i++)
            sum += i is >= SumAt and < SumAt + SumLength ? 0 : block[i];
        return sum;
    }

    // Octal digits between spaces and zeros; or big-endian behind a first byte of 128. Null if it is neither.
    private static long? Number(ReadOnlySpan<byte> field)
    {
        if (field[0] == 0x80)
        {
            var large = BinaryPrimitives.ReadInt64BigEndian(field[^8..]);
            return large >= 0 && !field[1..^8].ContainsAnyExcept((byte)0) ? large : null;
        }

        var number = 0L;
        foreach (var digit in field.Trim("\0 "u8))
        {
            if (digit is < (byte)'0' or > (byte)'7')
                return null;
            number = (number << 3) | (uint)(digit - '0');
        }

        return number;
    }
}

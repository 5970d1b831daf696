using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Px.Bytes;

namespace Px.Pruning.Models.StateDicts.Pickle;

// The numbers and texts of a pickle's instructions. No length is believed beyond the bytes that are there.
internal sealed class PickleReader
{
    private const int ShortText = 256, LineCost = 128, CharacterCost = 8;

    private readonly byte[] buffer = new byte[4096];
    private readonly Stream stream;
    private readonly MemoryBudget budget;
    private readonly long length;
    private long unread;
    private int next, end;

    internal PickleReader(Stream stream, long length, MemoryBudget budget)
    {
        (this.stream, this.length, this.budget, unread) = (stream, length, budget, length);
        budget.Spend(buffer.Length);
    }

    // The number of bytes that were taken so far.
    internal long Position => length - Remaining;

    private long Remaining => unread + (end - next);

    internal byte Byte()
    {
        if (next == end)
            Refill();
        return buffer[next++];
    }

    internal ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(stackalloc byte[sizeof(ushort)]));

    internal int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(stackalloc byte[sizeof(int)]));

    internal uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(stackalloc byte[sizeof(uint)]));

    internal ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(stackalloc byte[sizeof(ulong)]));

    internal double Double() => BinaryPrimitives.ReadDoubleBigEndian(Take(stackalloc byte[sizeof(double)]));

    internal byte[] Bytes(ulong count)
    {
        var bytes = budget.Allocate(Checked(count));
        Take(bytes);
        return bytes;
    }

    // A text in UTF-8.
    // Throws InvalidDataException if it is truncated or no Unicode.
    internal string Text(ulong count)
    {
        budget.Spend(MemoryBudget.ArrayCost + sizeof(char) * Checked(count));
        Span<byte> bytes = count <= ShortText ? stackalloc byte[(int)count] : budget.Allocate((long)count);
        return Utf8.IsValid(Take(bytes)) ? Encoding.UTF8.GetString(bytes)
            : throw new InvalidDataException($"its pickle has a text before byte {Position} that is not Unicode.");
    }

    // A text of Python 2, which kept no encoding: as text where it is UTF-8, as bytes where it is not.
    internal object TextOrBytes(ulong count)
    {
        budget.Spend(MemoryBudget.ArrayCost + sizeof(char) * Checked(count));
        var bytes = Bytes(count);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : bytes;
    }

    // The bytes up to the end of the line, one character each, without it.
    internal string Line(long maximum)
    {
        budget.Spend(LineCost);
        var line = new StringBuilder();
        for (var value = Byte(); value != '\n'; value = Byte())
        {
            if (line.Length >= maximum)
                throw new InvalidDataException($"its pickle has a line before byte {Position} that is longer than {maximum} characters.");
            budget.Spend(CharacterCost);
            line.Append((char)value);
        }

        return line.ToString();
    }

    private long Checked(ulong count) =>
        count <= (ulong)Remaining ? (long)count
            : throw new InvalidDataException($"its pickle claims {count} bytes at byte {Position}, and {Remaining} follow: the file is "
            + "truncated or damaged.");

    private Span<byte> Take(Span<byte> target)
    {
        Checked((ulong)target.Length);
        for (var rest = target; rest.Length > 0;)
        {
            if (next == end)
                Refill();
            var count = Math.Min(rest.Length, end - next);
            buffer.AsSpan(next, count).CopyTo(rest);
            next += count;
            rest = rest[count..];
        }

        return target;
    }

    private void Refill()
    {
        if (unread == 0)
            throw new InvalidDataException("its pickle ends before its end: the file is truncated.");
        next = 0;
        end = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, unread));
        if (end == 0)
            throw new EndOfStreamException();
        unread -= end;
    }
}

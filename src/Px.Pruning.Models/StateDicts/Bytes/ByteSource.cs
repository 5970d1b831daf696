namespace Px.Pruning.Models.StateDicts.Bytes;

// A stream from its position to its end, read by offset from there: nothing before or behind it can be reached.
internal sealed class ByteSource(Stream stream)
{
    private readonly long start = stream.Position;

    internal long Length { get; } = Math.Max(stream.Length - stream.Position, 0);

    // The stream, at an offset from 0 to Length; it ends where this does.
    internal Stream SeekTo(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length);
        stream.Position = start + offset;
        return stream;
    }

    // Fills an array with the bytes from an offset on, and returns it.
    // Throws EndOfStreamException if there are fewer.
    internal byte[] ReadAt(long offset, byte[] target)
    {
        SeekTo(offset).ReadExactly(target);
        return target;
    }
}

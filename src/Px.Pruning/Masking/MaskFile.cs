using System.Buffers.Binary;
using Px.Bytes;
using Px.Safetensors;
using static TorchSharp.torch;

namespace Px.Pruning.Masking;

// Masks as safetensors files: one BOOL tensor for each parameter, in the mask's order, and its metadata.
internal static class MaskFile
{
    internal static void Write(Stream stream, PruningMask mask)
    {
        // The writer's own layout sorts by name; this one keeps the model's order, and bytes need no alignment.
        var layout = new List<SafetensorsEntry>(mask.Names.Count);
        var begin = 0L;
        foreach (var name in mask.Names)
        {
            var end = begin + mask.TotalIn(name);
            layout.Add(new SafetensorsEntry { Name = name, DType = "BOOL", Shape = mask[name].shape, Begin = begin, End = end });
            begin = end;
        }

        SafetensorsWriter.WriteOwn(stream, layout, mask.Metadata, (entry, target) => TensorBytes.Write(target, mask[entry.Name]));
    }

    // Reads from the stream's position to its end.
    internal static PruningMask Read(Stream stream, string source)
    {
        if (!stream.CanSeek) return ReadBuffered(stream, source);
        var header = ReadHeader(stream, stream.Length - stream.Position, source);
        using var scope = NewDisposeScope();
        var masks = header.Entries.ToDictionary(entry => entry.Name, entry => ReadTensor(stream, entry, source));
        SafetensorsChecksum.Verify(header, source, (entry, target) => TensorBytes.Write(target, masks[entry.Name]));
        return PruningMask.Adopt(masks, header.Metadata);
    }

    private static SafetensorsHeader ReadHeader(Stream stream, long length, string source, bool headerOnly = false)
    {
        var header = SafetensorsReader.Read(stream, length, source, SafetensorsReader.OwnExpansion, headerOnly);
        if (header.Entries.Count == 0) throw new InvalidDataException($"'{source}' holds no masks.");
        if (header.Entries.FirstOrDefault(entry => entry.DType is not ("BOOL" or "U8")) is { } other)
            throw NoMask(source, other, $"type {other.DType} instead of BOOL or U8.");
        return header;
    }

    // Through a file, since memory streams end at 2 GB. The header is checked before what follows it is waited for and stored.
    private static PruningMask ReadBuffered(Stream stream, string source)
    {
        string path = Path.GetTempFileName();
        using var buffer = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        prefix = prefix[..stream.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false)];
        buffer.Write(prefix);
        ulong claimed = prefix.Length == sizeof(ulong) ? BinaryPrimitives.ReadUInt64LittleEndian(prefix) : 0;
        if (claimed <= SafetensorsHeader.MaximumLength) Copy(stream, buffer, (long)claimed);
        buffer.Position = 0;
        var header = ReadHeader(buffer, buffer.Length, source, headerOnly: true);
        buffer.Position = buffer.Length;
        Copy(stream, buffer, header.Entries[^1].End);
        Copy(stream, buffer, 1); // what is too long is refused
        buffer.Position = 0;
        return Read(buffer, source);
    }

    // At most count bytes.
    private static void Copy(Stream source, Stream target, long count)
    {
        var part = new byte[Math.Min(count, 1 << 16)];
        for (int read; count > 0 && (read = source.Read(part, 0, (int)Math.Min(count, part.Length))) > 0; count -= read)
            target.Write(part, 0, read);
    }

    private static Tensor ReadTensor(Stream stream, SafetensorsEntry entry, string source)
    {
        var mask = zeros(entry.Shape, ScalarType.Bool, CPU);
        long before = 0;
        foreach (var values in new TensorMemory<byte>(mask))
        {
            stream.ReadExactly(values);
            int bad = values.IndexOfAnyExcept((byte)0, (byte)1);
            if (bad >= 0) throw NoMask(source, entry, $"value {values[bad]} at index {before + bad}; 0 and 1 are allowed.");
            before += values.Length;
        }

        return mask;
    }

    private static InvalidDataException NoMask(string source, SafetensorsEntry entry, string found) =>
        new($"'{source}' is not a mask: tensor '{Excerpt.Of(entry.Name)}' has the {found}");
}

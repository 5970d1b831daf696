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

        SafetensorsWriter.Write(stream, layout, mask.Metadata, (entry, target) => TensorBytes.Write(target, mask[entry.Name]));
    }

    // Reads from the stream's position to its end.
    internal static PruningMask Read(Stream stream, string source)
    {
        if (!stream.CanSeek) return ReadBuffered(stream, source);
        var header = SafetensorsReader.Read(stream, stream.Length - stream.Position, source);
        if (header.Entries.Count == 0) throw new InvalidDataException($"'{source}' holds no masks.");
        if (header.Entries.FirstOrDefault(entry => entry.DType is not ("BOOL" or "U8")) is { } other)
            throw NoMask(source, other, $"type {other.DType} instead of BOOL or U8.");
        using var scope = NewDisposeScope();
        return PruningMask.Adopt(
            header.Entries.Select(entry => KeyValuePair.Create(entry.Name, ReadTensor(stream, entry, source))).ToList(), header.Metadata);
    }

    private static PruningMask ReadBuffered(Stream stream, string source)
    {
        // A file, since memory streams end at 2 GB.
        string path = Path.GetTempFileName();
        using var buffer = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        stream.CopyTo(buffer);
        buffer.Position = 0;
        return Read(buffer, source);
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

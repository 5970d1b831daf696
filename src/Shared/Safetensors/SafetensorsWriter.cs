using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Px.Bytes;

namespace Px.Safetensors;

// Writes safetensors files as the reference implementation does, byte for byte unless names or metadata need other escapes.
internal static class SafetensorsWriter
{
    // As in the reference implementation, only quotes, backslashes and control characters are escaped.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Assigns byte ranges: the widest types first, so that all data is aligned, then by name.
    internal static IReadOnlyList<SafetensorsEntry> Layout(IEnumerable<SafetensorsEntry> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { SafetensorsHeader.MetadataName };
        var entries = new List<SafetensorsEntry>();
        var begin = 0L;
        foreach (var tensor in tensors.OrderByDescending(tensor => SafetensorsDType.Rank(tensor.DType))
            .ThenBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            if (!names.Add(tensor.Name))
                throw new ArgumentException($"The tensor name '{tensor.Name}' is reserved or appears twice.", nameof(tensors));
            if (SafetensorsDType.Rank(tensor.DType) < 0)
                throw new ArgumentException($"Tensor '{tensor.Name}' has the unknown dtype '{tensor.DType}'.", nameof(tensors));
            var length = SafetensorsDType.ByteCount(tensor.DType, tensor.Shape);
            if (length < 0 || tensor.Shape.Length > SafetensorsHeader.MaximumDimensions)
            {
                string shape = $"[{string.Join(", ", tensor.Shape)}]";
                throw new ArgumentException($"Tensor '{tensor.Name}' has a shape that the format cannot hold: {shape}.", nameof(tensors));
            }

            entries.Add(tensor with { Begin = begin, End = checked(begin + length) });
            begin += length;
        }

        return entries;
    }

    // Writes the header and then, in the order of layout, each tensor's bytes.
    internal static void Write(
        Stream stream, IReadOnlyList<SafetensorsEntry> layout, IReadOnlyDictionary<string, string>? metadata,
        Action<SafetensorsEntry, Stream> writeData) =>
        Write(stream, Header(layout, metadata), layout, writeData);

    // The same with a checksum. Throws ArgumentException where readers with OwnExpansion would refuse the file.
    internal static void WriteOwn(
        Stream stream, IReadOnlyList<SafetensorsEntry> layout, IReadOnlyDictionary<string, string>? metadata,
        Action<SafetensorsEntry, Stream> writeData)
    {
        var json = Header(layout, SafetensorsChecksum.AddTo(metadata, layout, writeData));
        using var header = new MemoryStream();
        Write(header, json, [], writeData);
        header.Position = 0;
        try
        {
            SafetensorsReader.Read(header, header.Length, "the file", SafetensorsReader.OwnExpansion, headerOnly: true);
        }
        catch (InvalidDataException e)
        {
            throw new ArgumentException($"It could not be read again: {e.Message}", nameof(metadata), e);
        }

        Write(stream, json, layout, writeData);
    }

    private static void Write(
        Stream stream, byte[] json, IReadOnlyList<SafetensorsEntry> layout, Action<SafetensorsEntry, Stream> writeData)
    {
        if (json.Length > SafetensorsHeader.MaximumLength)
        {
            throw new ArgumentException(
                $"The header would take {json.Length} bytes; at most {SafetensorsHeader.MaximumLength} are allowed. "
                + "Shorten the names or the metadata.", nameof(layout));
        }

        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)json.Length);
        stream.Write(prefix);
        stream.Write(json);
        foreach (var entry in layout) writeData(entry, stream);
    }

    private static byte[] Header(IReadOnlyList<SafetensorsEntry> layout, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Plain))
        {
            writer.WriteStartObject();
            if (metadata is { Count: > 0 }) WriteMetadata(writer, metadata);
            foreach (var entry in layout) WriteEntry(writer, entry);
            writer.WriteEndObject();
        }

        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    private static void WriteMetadata(Utf8JsonWriter writer, IReadOnlyDictionary<string, string> metadata)
    {
        writer.WriteStartObject(SafetensorsHeader.MetadataName);
        foreach (var (name, text) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            writer.WriteString(UnicodeText.Require(name, "The metadata name"), UnicodeText.Require(text, $"The metadata '{name}'"));
        writer.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter writer, SafetensorsEntry entry)
    {
        writer.WriteStartObject(UnicodeText.Require(entry.Name, "The tensor name"));
        writer.WriteString("dtype", entry.DType);
        WriteNumbers(writer, "shape", entry.Shape);
        WriteNumbers(writer, "data_offsets", [entry.Begin, entry.End]);
        writer.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, long[] numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers) writer.WriteNumberValue(number);
        writer.WriteEndArray();
    }
}

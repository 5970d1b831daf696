using System.Buffers.Binary;
using System.Text.Json;

namespace Px.Safetensors;

/// <summary>Reads and checks the header of a safetensors file. Nothing is allocated on the word of a number that the file's length does not cover.</summary>
internal static class SafetensorsReader
{
    /// <summary>Reads the header; the stream is left at the first byte of the data section.</summary>
    /// <param name="stream">A stream at the start of the file.</param>
    /// <param name="length">The number of bytes from there to the end of the file.</param>
    /// <param name="source">The file's name, for messages.</param>
    /// <exception cref="InvalidDataException">The file is not what the format asks for; the message says where.</exception>
    public static SafetensorsHeader Read(Stream stream, long length, string source)
    {
        try
        {
            var json = ReadJson(stream, length);
            var dataStart = sizeof(ulong) + (long)json.Length;
            var entries = new List<SafetensorsEntry>();
            var metadata = Parse(json, entries);
            CheckLayout(entries, length - dataStart);
            return new SafetensorsHeader { Entries = entries, Metadata = metadata, DataStart = dataStart };
        }
        catch (Exception e) when (e is JsonException or EndOfStreamException or InvalidDataException)
        {
            throw new InvalidDataException($"'{source}' is not a valid safetensors file: {e.Message}", e);
        }
    }

    private static byte[] ReadJson(Stream stream, long length)
    {
        if (length < sizeof(ulong))
            throw new InvalidDataException($"it has {length} bytes, and the length of the header alone takes 8.");
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        stream.ReadExactly(prefix);
        var count = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (count > SafetensorsHeader.MaximumLength)
            throw new InvalidDataException($"its first 8 bytes claim a header of {count} bytes; at most {SafetensorsHeader.MaximumLength} are allowed. Is it another kind of file?");
        if (count > (ulong)length - sizeof(ulong))
            throw new InvalidDataException($"it claims a header of {count} bytes, and {length - sizeof(ulong)} follow: the file is truncated, or another kind of file.");
        var json = new byte[count];
        stream.ReadExactly(json);
        if (count == 0 || json[0] != (byte)'{')
            throw new InvalidDataException("its header does not start with '{'.");
        return json;
    }

    /// <summary>Adds the tensors to <paramref name="entries"/> in the header's order and returns the metadata.</summary>
    private static Dictionary<string, string> Parse(byte[] json, List<SafetensorsEntry> entries)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (NextProperty(ref reader, out var name))
        {
            if (!names.Add(name))
                throw new InvalidDataException($"the name '{name}' appears twice.");
            if (name == SafetensorsHeader.MetadataName)
                ParseMetadata(ref reader, metadata);
            else
                entries.Add(SafetensorsEntryParser.Parse(ref reader, name));
        }

        reader.Read(); // throws where more than white space follows the closing brace
        return metadata;
    }

    private static void ParseMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidDataException($"{SafetensorsHeader.MetadataName} is not an object.");
        while (NextProperty(ref reader, out var name))
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.String)
                throw new InvalidDataException($"the metadata '{name}' is not a text.");
            if (!metadata.TryAdd(name, Text(ref reader)))
                throw new InvalidDataException($"the metadata '{name}' appears twice.");
        }
    }

    /// <summary>Moves to the next property of the object that the reader is in; false at its end.</summary>
    internal static bool NextProperty(ref Utf8JsonReader reader, out string name)
    {
        name = reader.Read() && reader.TokenType == JsonTokenType.PropertyName ? Text(ref reader) : "";
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>The text of the current token; half a surrogate pair or a byte that is not UTF-8 is an error of the file.</summary>
    internal static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"a text in its header at byte {reader.TokenStartIndex} is not Unicode.", e);
        }
    }

    private static void CheckLayout(List<SafetensorsEntry> entries, long dataLength)
    {
        entries.Sort(static (a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        var expected = 0L;
        foreach (var entry in entries)
        {
            if (entry.Begin != expected)
                throw new InvalidDataException($"tensor '{entry.Name}' starts at byte {entry.Begin} of the data where {expected} was expected: {(entry.Begin < expected ? "it overlaps another" : "there is a gap")}.");
            expected = entry.End;
        }

        if (expected != dataLength)
            throw new InvalidDataException($"its tensors take {expected} bytes, and {dataLength} follow the header: the file is {(dataLength < expected ? "truncated" : "longer than it says")}.");
    }
}

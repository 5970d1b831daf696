using System.Buffers.Binary;
using System.Text.Json;
using Px.Bytes;

namespace Px.Safetensors;

// Reads and checks the header of a safetensors file. Sizes that the file claims are checked against its length and a memory budget before
// anything is allocated.
internal static class SafetensorsReader
{
    // Bytes of a text's object and its places in a growing list, and set or dictionary.
    private const int NameCost = 128;

    // The file's bytes, and as much again for the objects made of its header.
    internal const double UsualExpansion = 2;

    // For masks and checkpoints of runs: a tensor without a number takes 53 bytes of a header, and 13 times that in memory.
    internal const double OwnExpansion = 16;

    private const string Remedy = "If it really holds thousands of tensors with a few elements each, SafetensorsFile.Load of "
        + "Px.Pruning.Models reads it with a larger maximumExpansion.";

    // Reads the header and leaves the stream at the first byte of the data section. Throws InvalidDataException if the file is malformed or
    // would take more memory than expansion times its length.
    // headerOnly: the stream has the header alone so far; its tensors take as many bytes as it says.
    internal static SafetensorsHeader Read(
        Stream stream, long length, string source, double expansion = UsualExpansion, bool headerOnly = false)
    {
        try
        {
            var budget = new MemoryBudget(length, expansion, Remedy);
            var json = ReadJson(stream, length, budget);
            var dataStart = sizeof(ulong) + (long)json.Length;
            budget.Spend(length - dataStart);
            var entries = new List<SafetensorsEntry>();
            var metadata = Parse(json, entries, budget);
            CheckLayout(entries, headerOnly ? null : length - dataStart);
            metadata.Remove(SafetensorsChecksum.Key, out var checksum);
            return new SafetensorsHeader { Entries = entries, Metadata = metadata, Checksum = checksum, DataStart = dataStart };
        }
        catch (Exception e) when (e is JsonException or EndOfStreamException or InvalidDataException)
        {
            throw new InvalidDataException($"'{source}' is not a valid safetensors file: {e.Message}", e);
        }
    }

    private static byte[] ReadJson(Stream stream, long length, MemoryBudget budget)
    {
        if (length < sizeof(ulong))
            throw new InvalidDataException($"it has {length} bytes, and the length of the header alone takes 8.");
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        stream.ReadExactly(prefix);
        var count = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (count > SafetensorsHeader.MaximumLength)
        {
            throw new InvalidDataException(
                $"its first 8 bytes claim a header of {count} bytes; at most {SafetensorsHeader.MaximumLength} are allowed. "
                + "Is it another kind of file?");
        }

        if (count > (ulong)length - sizeof(ulong))
        {
            throw new InvalidDataException($"it claims a header of {count} bytes, and {length - sizeof(ulong)} follow: the file is "
                + "truncated, or another kind of file.");
        }

        var json = budget.Allocate((long)count);
        stream.ReadExactly(json);
        if (count == 0 || json[0] != (byte)'{') throw new InvalidDataException("its header does not start with '{'.");
        return json;
    }

    // Adds the tensors to entries in the header's order and returns the metadata.
    private static Dictionary<string, string> Parse(byte[] json, List<SafetensorsEntry> entries, MemoryBudget budget)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(json);
        try
        {
            reader.Read();
            while (NextProperty(ref reader, budget, out var name))
            {
                if (!names.Add(name)) throw new InvalidDataException($"the name '{Excerpt.Of(name)}' appears twice.");
                if (name == SafetensorsHeader.MetadataName) ParseMetadata(ref reader, metadata, budget);
                else entries.Add(SafetensorsEntryParser.Parse(ref reader, name, budget));
            }

            reader.Read(); // throws where more than white space follows the closing brace
            return metadata;
        }
        catch (InvalidOperationException e)
        {
            // From whatever reads or compares a text, be it a name, a type or a field.
            throw new InvalidDataException($"a text in its header at byte {reader.TokenStartIndex} is not Unicode.", e);
        }
    }

    private static void ParseMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata, MemoryBudget budget)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidDataException($"{SafetensorsHeader.MetadataName} is not an object.");
        while (NextProperty(ref reader, budget, out var name))
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.String)
                throw new InvalidDataException($"the metadata '{Excerpt.Of(name)}' is not a text.");
            if (!metadata.TryAdd(name, Text(ref reader, budget)))
                throw new InvalidDataException($"the metadata '{Excerpt.Of(name)}' appears twice.");
        }
    }

    // Moves to the next property of the current object; false at its end.
    private static bool NextProperty(ref Utf8JsonReader reader, MemoryBudget budget, out string name)
    {
        name = reader.Read() && reader.TokenType == JsonTokenType.PropertyName ? Text(ref reader, budget) : "";
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    // The text of the current token; throws InvalidOperationException if it is not valid Unicode.
    private static string Text(ref Utf8JsonReader reader, MemoryBudget budget)
    {
        // The text has at most as many characters as the file has bytes for it.
        budget.Spend(NameCost + sizeof(char) * (long)reader.ValueSpan.Length);
        return reader.GetString()!;
    }

    // dataLength: null if that is not known.
    private static void CheckLayout(List<SafetensorsEntry> entries, long? dataLength)
    {
        entries.Sort(static (a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        var expected = 0L;
        foreach (var entry in entries)
        {
            if (entry.Begin != expected)
            {
                throw new InvalidDataException(
                    $"tensor '{Excerpt.Of(entry.Name)}' starts at byte {entry.Begin} of the data where {expected} was expected: "
                    + (entry.Begin < expected ? "it overlaps another." : "there is a gap."));
            }

            expected = entry.End;
        }

        if (expected == (dataLength ?? expected)) return;
        throw new InvalidDataException(
            $"its tensors take {expected} bytes, and {dataLength} follow the header: the file is "
            + (dataLength < expected ? "truncated." : "longer than it says."));
    }
}

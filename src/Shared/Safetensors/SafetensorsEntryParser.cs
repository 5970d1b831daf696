using System.Text;
using System.Text.Json;
using Px.Bytes;

namespace Px.Safetensors;

// Reads one tensor's description, {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, and checks that it is consistent.
internal static class SafetensorsEntryParser
{
    // Bytes of the entry, its shape and its place in a growing list, and later of the tensor's object and its places in a scope and a
    // dictionary.
    private const int EntryCost = 512;

    // Reads the object that follows. Unknown fields are skipped, as in the reference implementation.
    internal static SafetensorsEntry Parse(ref Utf8JsonReader reader, string name, MemoryBudget budget)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidDataException($"tensor '{Excerpt.Of(name)}' is not an object.");
        budget.Spend(EntryCost);
        string? dtype = null;
        long[]? shape = null;
        (long Begin, long End)? offsets = null;
        Span<long> numbers = stackalloc long[SafetensorsHeader.MaximumDimensions];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (Field(ref reader))
            {
                case "dtype":
                    RequireOnce(dtype is null, name, "dtype");
                    dtype = DType(ref reader, name);
                    break;
                case "shape":
                    RequireOnce(shape is null, name, "shape");
                    shape = numbers[..Numbers(ref reader, name, "shape", numbers)].ToArray();
                    budget.Spend(sizeof(long) * (long)shape.Length);
                    break;
                case "data_offsets":
                    RequireOnce(offsets is null, name, "data_offsets");
                    int count = Numbers(ref reader, name, "data_offsets", numbers[..2]);
                    offsets = count == 2 ? (numbers[0], numbers[1]) : throw Incomplete(name);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (dtype is null || shape is null || offsets is not var (begin, end)) throw Incomplete(name);
        return Check(new SafetensorsEntry { Name = name, DType = dtype, Shape = shape, Begin = begin, End = end });
    }

    // The name of the current property, or an empty text if the format does not know it; the reader moves on to its value.
    private static string Field(ref Utf8JsonReader reader)
    {
        var field = reader.ValueTextEquals("dtype") ? "dtype" : reader.ValueTextEquals("shape") ? "shape"
            : reader.ValueTextEquals("data_offsets") ? "data_offsets" : "";
        reader.Read();
        return field;
    }

    private static void RequireOnce(bool first, string name, string field)
    {
        if (!first) throw new InvalidDataException($"tensor '{Excerpt.Of(name)}' has {field} twice.");
    }

    private static SafetensorsEntry Check(SafetensorsEntry entry)
    {
        var bytes = SafetensorsDType.ByteCount(entry.DType, entry.Shape);
        if (bytes >= 0 && entry.End >= entry.Begin && entry.Length == bytes) return entry;
        throw new InvalidDataException(
            $"tensor '{Excerpt.Of(entry.Name)}' of type {entry.DType} and shape [{string.Join(", ", entry.Shape)}] "
            + (bytes < 0 ? "has no size that a file could hold."
                : $"takes {bytes} bytes; its offsets are [{entry.Begin}, {entry.End}]."));
    }

    private static string DType(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new InvalidDataException($"the dtype of tensor '{Excerpt.Of(name)}' is not a text.");
        if (SafetensorsDType.TryRead(ref reader) is { } known) return known;
        string found = Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, 100)]);
        throw new InvalidDataException($"tensor '{Excerpt.Of(name)}' has the unknown dtype '{Excerpt.Of(found)}'.");
    }

    // Reads an array into numbers and returns how many there are.
    private static int Numbers(ref Utf8JsonReader reader, string name, string field, scoped Span<long> numbers)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new InvalidDataException($"the {field} of tensor '{Excerpt.Of(name)}' is not an array.");
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
            {
                throw new InvalidDataException(
                    $"the {field} of tensor '{Excerpt.Of(name)}' holds something that is not a whole number from 0 to {long.MaxValue}.");
            }

            if (count == numbers.Length)
                throw new InvalidDataException($"the {field} of tensor '{Excerpt.Of(name)}' has more than {numbers.Length} numbers.");
            numbers[count++] = number;
        }

        return count;
    }

    private static InvalidDataException Incomplete(string name) =>
        new($"tensor '{Excerpt.Of(name)}' needs dtype, shape and two data_offsets.");
}

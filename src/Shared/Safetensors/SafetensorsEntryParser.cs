using System.Text.Json;

namespace Px.Safetensors;

/// <summary>Reads one tensor's description, <c>{"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}</c>, and checks it against itself.</summary>
internal static class SafetensorsEntryParser
{
    /// <summary>Reads the object that follows. Fields the format does not know are passed over, as in the reference implementation.</summary>
    /// <param name="reader">A reader at the tensor's name.</param>
    /// <param name="name">That name.</param>
    /// <exception cref="InvalidDataException">A field is missing, twice there or malformed, or the offsets do not fit type and shape.</exception>
    public static SafetensorsEntry Parse(ref Utf8JsonReader reader, string name)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidDataException($"tensor '{name}' is not an object.");
        string? dtype = null;
        long[]? shape = null, offsets = null;
        while (SafetensorsReader.NextProperty(ref reader, out var field))
        {
            if (field switch { "dtype" => dtype is not null, "shape" => shape is not null, "data_offsets" => offsets is not null, _ => false })
                throw new InvalidDataException($"tensor '{name}' has {field} twice.");
            reader.Read();
            switch (field)
            {
                case "dtype": dtype = DType(ref reader, name); break;
                case "shape": shape = Numbers(ref reader, name, field, SafetensorsHeader.MaximumDimensions); break;
                case "data_offsets": offsets = Numbers(ref reader, name, field, maximum: 2); break;
                default: reader.Skip(); break;
            }
        }

        if (dtype is null || shape is null || offsets is not { Length: 2 })
            throw new InvalidDataException($"tensor '{name}' needs dtype, shape and two data_offsets.");
        return Check(new SafetensorsEntry { Name = name, DType = dtype, Shape = shape, Begin = offsets[0], End = offsets[1] });
    }

    private static SafetensorsEntry Check(SafetensorsEntry entry)
    {
        var bytes = SafetensorsDType.ByteCount(entry.DType, entry.Shape);
        if (bytes < 0)
            throw new InvalidDataException($"tensor '{entry.Name}' of type {entry.DType} and shape [{string.Join(", ", entry.Shape)}] has no size that a file could hold.");
        if (entry.End < entry.Begin || entry.Length != bytes)
            throw new InvalidDataException($"tensor '{entry.Name}' of type {entry.DType} and shape [{string.Join(", ", entry.Shape)}] takes {bytes} bytes; its offsets are [{entry.Begin}, {entry.End}].");
        return entry;
    }

    private static string DType(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new InvalidDataException($"the dtype of tensor '{name}' is not a text.");
        var dtype = SafetensorsReader.Text(ref reader);
        return SafetensorsDType.Rank(dtype) >= 0 ? dtype : throw new InvalidDataException($"tensor '{name}' has the unknown dtype '{dtype}'.");
    }

    private static long[] Numbers(ref Utf8JsonReader reader, string name, string field, int maximum)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new InvalidDataException($"the {field} of tensor '{name}' is not an array.");
        var numbers = new List<long>(capacity: 4);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
                throw new InvalidDataException($"the {field} of tensor '{name}' holds something that is not a whole number from 0 to {long.MaxValue}.");
            if (numbers.Count == maximum)
                throw new InvalidDataException($"the {field} of tensor '{name}' has more than {maximum} numbers.");
            numbers.Add(number);
        }

        return [.. numbers];
    }
}

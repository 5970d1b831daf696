namespace Px.Safetensors;

// One tensor of a safetensors file: its description, and the range of its bytes in the data section.
internal sealed record SafetensorsEntry
{
    // Any text except __metadata__.
    internal required string Name { get; init; }

    // F32, BF16, BOOL, …; see SafetensorsDType.
    internal required string DType { get; init; }

    // Empty for a scalar.
    internal required long[] Shape { get; init; }

    internal long Begin { get; init; }

    // One past the last byte.
    internal long End { get; init; }

    internal long Length => End - Begin;
}

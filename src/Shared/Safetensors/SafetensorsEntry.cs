namespace Px.Safetensors;

// One tensor of a safetensors file: its description, and the range of its bytes in the data section.
internal sealed record SafetensorsEntry
{
    // Any text except __metadata__.
    public required string Name { get; init; }

    // F32, BF16, BOOL, …; see SafetensorsDType.
    public required string DType { get; init; }

    // Empty for a scalar.
    public required long[] Shape { get; init; }

    public long Begin { get; init; }

    // One past the last byte.
    public long End { get; init; }

    public long Length => End - Begin;
}

namespace Px.Safetensors;

// One tensor of a safetensors file: what it is and where its bytes lie.
internal sealed record SafetensorsEntry
{
    // The tensor's name: any text but __metadata__.
    public required string Name { get; init; }

    // The element type as the format spells it: F32, BF16, BOOL, …; see SafetensorsDType.
    public required string DType { get; init; }

    // The sizes; empty for a scalar. Not to be changed.
    public required long[] Shape { get; init; }

    // The first byte, counted from the start of the data section.
    public long Begin { get; init; }

    // One past the last byte, counted from the start of the data section.
    public long End { get; init; }

    // The number of bytes: End − Begin.
    public long Length => End - Begin;
}

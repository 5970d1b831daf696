namespace Px.Safetensors;

/// <summary>One tensor of a safetensors file: what it is and where its bytes lie.</summary>
internal sealed record SafetensorsEntry
{
    /// <summary>The tensor's name: any text but <c>__metadata__</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The element type as the format spells it: <c>F32</c>, <c>BF16</c>, <c>BOOL</c>, …; see <see cref="SafetensorsDType"/>.</summary>
    public required string DType { get; init; }

    /// <summary>The sizes; empty for a scalar. Not to be changed.</summary>
    public required long[] Shape { get; init; }

    /// <summary>The first byte, counted from the start of the data section.</summary>
    public long Begin { get; init; }

    /// <summary>One past the last byte, counted from the start of the data section.</summary>
    public long End { get; init; }

    /// <summary>The number of bytes: <see cref="End"/> − <see cref="Begin"/>.</summary>
    public long Length => End - Begin;
}

namespace Px.Pruning.Models.Data.Pipeline;

// A picture as bytes.
internal readonly record struct Sample
{
    // [C, Height, Width], row-major.
    public required ReadOnlyMemory<byte> Pixels { get; init; }

    // [Height, Width]: each pixel's label; empty where the picture as a whole has one.
    public ReadOnlyMemory<byte> Mask { get; init; }

    public required int Height { get; init; }

    public required int Width { get; init; }
}

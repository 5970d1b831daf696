namespace Px.Pruning.Models.Data.Pipeline;

// A picture as bytes.
internal readonly record struct Sample
{
    // [C, Height, Width], row-major.
    internal required ReadOnlyMemory<byte> Pixels { get; init; }

    // [Height, Width]: each pixel's label; empty where the picture as a whole has one.
    internal ReadOnlyMemory<byte> Mask { get; init; }

    internal required int Height { get; init; }

    internal required int Width { get; init; }
}

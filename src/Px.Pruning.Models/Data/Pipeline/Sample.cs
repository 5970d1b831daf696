namespace Px.Pruning.Models.Data.Pipeline;

/// <summary>A picture as bytes.</summary>
internal readonly record struct Sample
{
    /// <summary>[C, Height, Width], row-major.</summary>
    public required ReadOnlyMemory<byte> Pixels { get; init; }

    /// <summary>[Height, Width]: each pixel's label; empty where the picture as a whole has one.</summary>
    public ReadOnlyMemory<byte> Mask { get; init; }

    public required int Height { get; init; }

    public required int Width { get; init; }
}

namespace Px.Pruning.Models.Data;

/// <summary>The pixels and labels of a whole data set, as read: one array each, shared by every subset of it.</summary>
internal sealed record ImageStore
{
    /// <summary>[N, C, H, W], row-major.</summary>
    public required byte[] Pixels { get; init; }

    /// <summary>[N], each below <see cref="Classes"/>.</summary>
    public required byte[] Labels { get; init; }

    public required int Channels { get; init; }

    public required int Height { get; init; }

    public required int Width { get; init; }

    public required int Classes { get; init; }

    public int ImageLength => Channels * Height * Width;

    public ReadOnlySpan<byte> Image(int index) => Pixels.AsSpan(index * ImageLength, ImageLength);
}

namespace Px.Pruning.Models.Data.Pipeline;

/// <summary>The pixels and labels of a whole data set of pictures of one size, as read: one array each, shared by every subset of it.</summary>
internal sealed record ImageStore : ISampleSource
{
    /// <summary>[N, C, H, W], row-major.</summary>
    public required byte[] Pixels { get; init; }

    /// <summary>[N], each below <see cref="Classes"/>; or [N, H, W], a label for every pixel.</summary>
    public required byte[] Labels { get; init; }

    public required int Channels { get; init; }

    public required int Height { get; init; }

    public required int Width { get; init; }

    public required int Classes { get; init; }

    /// <summary>Whether every pixel has a label of its own.</summary>
    public bool HasMasks { get; init; }

    public int Count => Pixels.Length / ImageLength;

    private int ImageLength => Channels * Height * Width;

    public Sample Read(int index) => new()
    {
        Pixels = Pixels.AsMemory(index * ImageLength, ImageLength),
        Mask = HasMasks ? Labels.AsMemory(index * Height * Width, Height * Width) : default,
        Height = Height,
        Width = Width,
    };
}

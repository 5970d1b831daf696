namespace Px.Pruning.Models.Data.Pipeline;

// The pixels and labels of a whole data set of pictures of one size, as read: one array each, shared by every subset of it.
internal sealed record ImageStore : ISampleSource
{
    // [N, C, H, W], row-major.
    internal required byte[] Pixels { get; init; }

    // [N], each below Classes; or [N, H, W], a label for every pixel.
    internal required byte[] Labels { get; init; }

    public required int Channels { get; init; }

    internal required int Height { get; init; }

    internal required int Width { get; init; }

    internal required int Classes { get; init; }

    // Whether every pixel has a label of its own.
    internal bool HasMasks { get; init; }

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

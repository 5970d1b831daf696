namespace Px.Pruning.Models.Data.Pipeline;

// Colour pictures from files, and the labels of their pixels from other files.
internal sealed class FileSamples : ISampleSource
{
    private readonly ImageFiles images;
    private readonly ImageFiles? masks;
    private readonly MaskReader? maskReader;
    private readonly bool isOneSize;

    // images: paths, at least one.
    // Throws InvalidDataException if the first file, which says what all measure where the options do not, cannot be decoded.
    internal FileSamples(IReadOnlyList<string> images, ImageFileOptions options)
    {
        this.images = new ImageFiles(images, options);
        isOneSize = options.Height is null;
        if (options is { Height: { } height, Width: { } width })
        {
            Format = new SampleFormat(height, width, options.Resize);
        }
        else
        {
            var first = this.images.Decode(0);
            Format = new SampleFormat(first.Height, first.Width);
        }
    }

    // images: paths, at least one.
    internal FileSamples(IReadOnlyList<string> images, IReadOnlyList<string> masks, MaskReader maskReader, ImageFileOptions options)
        : this(images, options) =>
        (this.masks, this.maskReader) = (new ImageFiles(masks, options), maskReader);

    public int Count => images.Count;

    public int Channels => 3;

    // What an item measures.
    internal SampleFormat Format { get; }

    public Sample Read(int index)
    {
        var image = images.Decode(index);
        if (isOneSize && (image.Height, image.Width) != (Format.Height, Format.Width))
        {
            throw new InvalidDataException(
                $"'{images.Path(index)}' has {image.Height} × {image.Width} pixels, and the first image {Format.Height} × {Format.Width}. "
                + $"Give {nameof(ImageFileOptions)} a {nameof(ImageFileOptions.Height)} and a {nameof(ImageFileOptions.Width)}.");
        }

        return new Sample { Pixels = Planes(image), Mask = Mask(index, image), Height = image.Height, Width = image.Width };
    }

    private byte[]? Mask(int index, DecodedImage image)
    {
        if (masks is null)
            return null;
        var (mask, path) = (masks.Decode(index), masks.Path(index));
        return (mask.Height, mask.Width) == (image.Height, image.Width)
            ? maskReader!(mask, path)
            : throw new InvalidDataException($"'{path}' has {mask.Height} × {mask.Width} pixels, and its image {image.Height} × "
            + $"{image.Width}.");
    }

    // [3, H, W] from [H, W, 3] or [H, W, 1].
    private static byte[] Planes(DecodedImage image)
    {
        var pixels = image.Pixels.Span;
        var planes = new byte[3 * image.Height * image.Width];
        for (var c = 0; c < 3; c++)
        {
            var plane = planes.AsSpan(c * image.Height * image.Width, image.Height * image.Width);
            for (var i = 0; i < plane.Length; i++)
                plane[i] = pixels[image.Channels == 3 ? (3 * i) + c : i];
        }

        return planes;
    }
}

namespace Px.Pruning.Models.Data;

/// <summary>A picture as an <see cref="ImageDecoder"/> leaves it: bytes, the channels of a pixel side by side, pixels left to right, rows
/// top to bottom.</summary>
public sealed class DecodedImage
{
    /// <param name="pixels">[height, width, channels], row-major; not copied, and not to be changed afterwards.</param>
    /// <param name="channels">1, grey, or 3: red, green, blue.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <exception cref="ArgumentException">Pixels and sizes do not agree.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Another number of channels, or a size below 1.</exception>
    public DecodedImage(byte[] pixels, int channels, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        if (channels is not (1 or 3))
        {
            throw new ArgumentOutOfRangeException(nameof(channels),
                channels, "An image has 1 channel (grey) or 3 (red, green, blue): have the decoder convert it.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (pixels.LongLength != (long)height * width * channels)
        {
            throw new ArgumentException($"{height} × {width} pixels of {channels} bytes do not make {pixels.Length} bytes.",
                nameof(pixels));
        }

        (Pixels, Channels, Height, Width) = (pixels, channels, height, width);
    }

    /// <summary>[Height, Width, Channels], row-major.</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>1, grey, or 3: red, green, blue.</summary>
    public int Channels { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }
}

using Px.Pruning.Models.Data;
using StbImageSharp;

namespace Px.Runner.Images;

/// <summary>Pictures in files.</summary>
public static class ImageFiles
{
    /// <summary>Reads a JPEG, PNG or BMP file as red, green and blue.</summary>
    public static DecodedImage Decode(Stream stream)
    {
        var image = ImageResult.FromStream(stream, ColorComponents.RedGreenBlue);
        return new DecodedImage(image.Data, channels: 3, image.Height, image.Width);
    }
}

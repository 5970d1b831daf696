using Px.Pruning.Models.Data;
using StbImageSharp;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>What fills the library's seam for image decoders in these tests.</summary>
internal static class Decoders
{
    /// <summary>The adapter that the documentation of <see cref="ImageDecoder"/> shows.</summary>
    public static ImageDecoder Stb { get; } = stream =>
    {
        var image = ImageResult.FromStream(stream, ColorComponents.RedGreenBlue);
        return new DecodedImage(image.Data, channels: 3, image.Height, image.Width);
    };

    /// <summary>As many channels as the file has, for files of one or three.</summary>
    public static ImageDecoder StbAsIs { get; } = stream =>
    {
        var image = ImageResult.FromStream(stream, ColorComponents.Default);
        return new DecodedImage(image.Data, (int)image.SourceComp, image.Height, image.Width);
    };
}

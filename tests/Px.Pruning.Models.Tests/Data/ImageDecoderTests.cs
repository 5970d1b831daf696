using Px.Pruning.Models.Data;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.Data;

public sealed class ImageDecoderTests
{
    [Fact]
    public void Stb_APngOfColours_IsEveryByteOfIt()
    {
        byte[] pixels = [.. Enumerable.Range(0, 5 * 3 * 3).Select(i => (byte)(i * 5))];
        var image = Decode(Decoders.Stb, PngBytes.Colour(5, pixels));
        (image.Channels, image.Height, image.Width).Should().Be((3, 3, 5));
        image.Pixels.ToArray().Should().Equal(pixels);
    }

    [Fact]
    public void Stb_AJpeg_IsNearTheColoursItWasMadeOf()
    {
        var image = Decode(Decoders.Stb, File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Reference", "two_colours.jpg")));
        (image.Channels, image.Height, image.Width).Should().Be((3, 8, 16));
        for (var i = 0; i < 8 * 16; i++)
        {
            byte[] made = i % 16 < 8 ? [200, 40, 90] : [30, 160, 220];
            image.Pixels.Slice(3 * i, 3).ToArray().Zip(made).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) <= 3);
        }
    }

    [Theory]
    [InlineData(12, 2, 2, 3)]
    [InlineData(12, 4, 1, 3)]
    [InlineData(12, 3, 0, 4)]
    [InlineData(12, 3, 2, -2)]
    [InlineData(12, 3, 2, 3)]
    [InlineData(0, 3, 65536, 65536)] // 3 × 2³² bytes
    public void DecodedImage_SizesThatDoNotFit_AreRefused(int bytes, int channels, int height, int width) =>
        FluentActions.Invoking(() => new DecodedImage(new byte[bytes], channels, height, width)).Should().Throw<ArgumentException>();

    private static DecodedImage Decode(ImageDecoder decoder, byte[] file)
    {
        using var stream = new MemoryStream(file);
        return decoder(stream);
    }
}

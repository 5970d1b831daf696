using Colour = (byte R, byte G, byte B);

namespace Px.Samples.DeepLabSample;

/// <summary>The strip below an overlay: what its three parts are, and a colour and a name for each class that is in them.</summary>
/// <param name="names">The classes' names.</param>
/// <param name="colours">Their colours.</param>
/// <param name="width">Pixels of the overlay from left to right.</param>
public sealed class OverlayLegend(IReadOnlyList<string> names, IReadOnlyList<Colour> colours, int width)
{
    private const int LineHeight = 11, Margin = 2, Swatch = 7, Gap = 10, WideImage = 900;

    private static readonly string[] Parts = ["image", "truth", "prediction"];
    private static readonly Colour Ink = (0, 0, 0), Paper = (255, 255, 255);

    // Wide images are looked at from further away.
    private readonly int scale = width >= WideImage ? 2 : 1;

    /// <summary>The strip's pixels, row by row, three bytes each.</summary>
    /// <param name="labels">The labels of the image's pixels; what is no class is called void.</param>
    public byte[] Draw(IEnumerable<long> labels)
    {
        var words = Parts.Select((part, i) => (Text: part, X: (i * width / Parts.Length / scale) + Margin, Line: 0, Colour: (Colour?)null)).ToList();
        var (x, line) = (Margin, 1);
        foreach (var (name, colour) in labels.Distinct().Order().Select(Class).Distinct())
        {
            var size = Swatch + Margin + (PixelFont.Advance * name.Length);
            if (x > Margin && (x + size) * scale > width)
                (x, line) = (Margin, line + 1);
            words.Add((name, x, line, colour));
            x += size + Gap;
        }

        var strip = Enumerable.Repeat(byte.MaxValue, width * (line + 1) * LineHeight * scale * 3).ToArray();
        foreach (var word in words)
            Write(strip, word.Text, word.X, (word.Line * LineHeight) + Margin, word.Colour);
        return strip;
    }

    private (string, Colour) Class(long label) => label >= 0 && label < names.Count ? (names[(int)label], colours[(int)label]) : ("void", Ink);

    private void Write(byte[] strip, string text, int left, int top, Colour? swatch)
    {
        for (var y = 0; y < PixelFont.Height; y++)
        {
            for (var x = 0; swatch is not null && x < Swatch; x++)
                Put(strip, left + x, top + y, swatch.Value);
            var start = left + (swatch is null ? 0 : Swatch + Margin);
            for (var x = 0; x < PixelFont.Advance * text.Length; x++)
                Put(strip, start + x, top + y, PixelFont.IsInk(text[x / PixelFont.Advance], x % PixelFont.Advance, y) ? Ink : Paper);
        }
    }

    private void Put(byte[] strip, int x, int y, Colour colour)
    {
        for (var row = y * scale; row < (y + 1) * scale; row++)
        {
            for (var column = x * scale; column < Math.Min((x + 1) * scale, width); column++)
                (strip[((row * width) + column) * 3], strip[(((row * width) + column) * 3) + 1], strip[(((row * width) + column) * 3) + 2]) = colour;
        }
    }
}

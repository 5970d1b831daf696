namespace Px.Pruning.Models.Data;

// Labels of Pascal VOC's masks, whose files hold the label as an index into a palette, from the colours that decoders make of it. Bit 0 of
// a label is the highest bit of red, bit 1 that of green, bit 2 that of blue, bit 3 the second highest of red, and so on.
// Source: VOClabelcolormap of the VOC development kit, http://host.robots.ox.ac.uk/pascal/VOC/voc2012/.
internal static class VocPalette
{
    // The label of pixels on objects' edges.
    internal const byte Void = 255;

    internal const int Classes = 21;

    // A decoder may make three equal channels of a grey mask: no label's colour is a grey that is another label.
    private static readonly Dictionary<(byte, byte, byte), byte> Labels = Enumerable.Range(0, Classes).Append(Void)
        .SelectMany(label => new[] { (Colour: Colour((byte)label), label), (Colour: ((byte)label, (byte)label, (byte)label), label) })
        .DistinctBy(pair => pair.Colour).ToDictionary(pair => pair.Colour, pair => (byte)pair.label);

    // What a label looks like.
    internal static (byte Red, byte Green, byte Blue) Colour(byte label)
    {
        var (red, green, blue) = (0, 0, 0);
        for (var bit = 0; bit < 3; bit++)
        {
            var triple = label >> (3 * bit);
            red |= (triple & 1) << (7 - bit);
            green |= ((triple >> 1) & 1) << (7 - bit);
            blue |= ((triple >> 2) & 1) << (7 - bit);
        }

        return ((byte)red, (byte)green, (byte)blue);
    }

    // Labels [H, W] from a coloured mask, or from a grey one whose values they are.
    // Throws InvalidDataException if a pixel is no label; the message names file, place and colour.
    internal static byte[] Read(DecodedImage mask, string path)
    {
        var labels = new byte[mask.Height * mask.Width];
        var pixels = mask.Pixels.Span;
        ((byte, byte, byte) Colour, byte Label) last = ((0, 0, 0), 0);
        for (var i = 0; i < labels.Length; i++)
        {
            var colour = mask.Channels == 1 ? (pixels[i], pixels[i], pixels[i]) : (pixels[3 * i], pixels[(3 * i) + 1], pixels[(3 * i) + 2]);
            // Neighbours are mostly alike.
            if (colour != last.Colour)
            {
                last = Labels.TryGetValue(colour, out var label) && (mask.Channels == 3 || label == colour.Item1) ? (colour, label)
                    : throw Unknown(path, mask, i, colour);
            }

            labels[i] = last.Label;
        }

        return labels;
    }

    private static InvalidDataException Unknown(string path, DecodedImage mask, int i, (byte Red, byte Green, byte Blue) colour) => new(
        $"'{path}': the pixel in row {i / mask.Width}, column {i % mask.Width} has the colour {colour}, which is no label of Pascal VOC. "
        + "The file is no segmentation mask, or was recoloured or compressed with loss.");
}

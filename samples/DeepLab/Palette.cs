using Px.Runner.Images;

namespace Px.Samples.DeepLabSample;

/// <summary>A colour for each class.</summary>
public static class Palette
{
    // Those of the SegNet authors: sky, building, pole, road, pavement, tree, sign, fence, car, pedestrian, bicyclist.
    private static readonly (byte R, byte G, byte B)[] CamVidColours =
    [
        (128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (60, 40, 222), (128, 128, 0), (192, 128, 128), (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192),
    ];

    /// <summary>The colours of a data set's classes; what is no class is black.</summary>
    public static IReadOnlyList<(byte R, byte G, byte B)> Of(string dataset, int classes) =>
        dataset == SegmentationSets.CamVid ? CamVidColours : [.. Enumerable.Range(0, classes).Select(Voc)];

    // Pascal VOC deals the bits of the class out to the three colours, the highest first.
    private static (byte R, byte G, byte B) Voc(int label)
    {
        int[] colour = [0, 0, 0];
        for (var bit = 0; bit < 8; bit++)
        {
            for (var channel = 0; channel < 3; channel++)
                colour[channel] |= ((label >> ((3 * bit) + channel)) & 1) << (7 - bit);
        }

        return ((byte)colour[0], (byte)colour[1], (byte)colour[2]);
    }
}

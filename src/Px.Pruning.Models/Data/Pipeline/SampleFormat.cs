namespace Px.Pruning.Models.Data.Pipeline;

// What every item of a data set measures, and how a picture gets there.
// ShorterSide: what the shorter side of a picture is resized to before the middle is cut out; null to resize nothing.
internal readonly record struct SampleFormat(int Height, int Width, int? ShorterSide = null)
{
    // Both sides of a picture on their way.
    internal (Extent Rows, Extent Columns) Of(Sample sample)
    {
        var (height, width) = (sample.Height, sample.Width);
        if (ShorterSide is { } side)
        {
            // torchvision's Resize: the longer side is rounded down.
            (height, width) = height <= width ? (side, Scale(side, width, height)) : (Scale(side, height, width), side);
        }

        return (new Extent(sample.Height, height, Height), new Extent(sample.Width, width, Width));
    }

    private static int Scale(int side, int longer, int shorter) => (int)Math.Min((long)side * longer / shorter, int.MaxValue / 4);
}

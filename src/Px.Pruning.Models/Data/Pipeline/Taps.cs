namespace Px.Pruning.Models.Data.Pipeline;

// The pixels of one side that each output pixel is a weighted mean of: a triangle over two of them when enlarging, over as many as fall
// together when shrinking. The triangle's half-width is one pixel of the coarser of both grids, and pixels' middles lie at halves: Pillow's
// BILINEAR, torchvision's default with antialias, which is plain bilinear interpolation where nothing shrinks.
internal sealed class Taps
{
    private readonly int[] first, count;
    private readonly float[] weights;
    private readonly int most;

    internal Taps(Axis axis, int output)
    {
        var step = (double)axis.Length / axis.Scaled;
        var reach = Math.Max(step, 1);
        most = (2 * (int)Math.Ceiling(reach)) + 1;
        (first, count, weights) = (new int[output], new int[output], new float[output * most]);
        for (var i = axis.First(output); i < axis.End(output); i++)
        {
            var middle = (axis.Offset + i + 0.5) * step;
            var (from, to) = (Math.Max((int)(middle - reach + 0.5), 0), Math.Min((int)(middle + reach + 0.5), axis.Length));
            var weights = Enumerable.Range(from, to - from).Select(pixel => Math.Max(0, 1 - (Math.Abs(pixel + 0.5 - middle) / reach)))
                .ToArray();
            var sum = weights.Sum();
            for (var tap = 0; tap < weights.Length; tap++)
                this.weights[(i * most) + tap] = (float)(weights[tap] / sum);
            (first[i], count[i]) = (axis.Start + from, weights.Length);
        }
    }

    // The first pixel that output pixel i needs.
    internal int First(int i) => first[i];

    // The weights of the pixels from First on; none for padding.
    internal ReadOnlySpan<float> Weights(int i) => weights.AsSpan(i * most, count[i]);
}

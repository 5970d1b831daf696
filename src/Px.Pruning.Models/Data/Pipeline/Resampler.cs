using System.Buffers;

namespace Px.Pruning.Models.Data.Pipeline;

// Resizes a piece of a picture: rows first, then columns, in float32 on normalised values.
internal static class Resampler
{
    // table: [channel × 256 + pixel].
    // target: [C, height, width].
    internal static void Copy(Sample sample, float[] table, Span<float> target, int height, int width, Geometry geometry)
    {
        var (rows, columns) = (new Taps(geometry.Rows, height), new Taps(geometry.Columns, width));
        var (top, bottom, left, right) =
            (geometry.Rows.First(height), geometry.Rows.End(height), geometry.Columns.First(width), geometry.Columns.End(width));
        var narrow = ArrayPool<float>.Shared.Rent(geometry.Rows.Length * width);
        try
        {
            for (var c = 0; c < table.Length / 256; c++)
            {
                var values = table.AsSpan(c * 256, 256);
                var fill = ImageKernel.Fill(geometry.Padding, values);
                var plane = target.Slice(c * height * width, height * width);
                plane.Fill(fill);
                Narrow(sample, c, values, narrow, width, geometry.Rows, columns, left, right);
                for (var y = top; y < bottom; y++)
                {
                    var row = plane.Slice(y * width, width);
                    Flatten(narrow.AsSpan((rows.First(y) - geometry.Rows.Start) * width), rows.Weights(y), row[left..right], width, left);
                    if (geometry.Flip)
                        row.Reverse();
                }
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(narrow);
        }
    }

    // Resizes every row of the piece.
    private static void Narrow(Sample sample, int channel, ReadOnlySpan<float> values, Span<float> narrow, int width, Axis rows,
        Taps columns, int left, int right)
    {
        for (var y = 0; y < rows.Length; y++)
        {
            var pixels = sample.Pixels.Span.Slice(((channel * sample.Height) + rows.Start + y) * sample.Width, sample.Width);
            for (var x = left; x < right; x++)
            {
                var weights = columns.Weights(x);
                var source = pixels.Slice(columns.First(x), weights.Length);
                var sum = 0f;
                for (var tap = 0; tap < weights.Length; tap++)
                    sum += weights[tap] * values[source[tap]];
                narrow[(y * width) + x] = sum;
            }
        }
    }

    // One output row: a weighted sum of resized rows.
    private static void Flatten(ReadOnlySpan<float> narrow, ReadOnlySpan<float> weights, Span<float> row, int width, int left)
    {
        row.Clear();
        for (var tap = 0; tap < weights.Length; tap++)
        {
            var source = narrow.Slice((tap * width) + left, row.Length);
            for (var x = 0; x < row.Length; x++)
                row[x] += weights[tap] * source[x];
        }
    }
}

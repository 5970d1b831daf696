using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Data.Pipeline;

// Bytes to normalised numbers through a table of 256 values a channel: one pass over the picture where nothing is resized.
internal static class ImageKernel
{
    // The memory of a contiguous float32 tensor on the CPU; valid while the tensor lives.
    internal static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    // The memory of a contiguous int64 tensor on the CPU; valid while the tensor lives.
    internal static Span<long> Longs(Tensor tensor) => MemoryMarshal.Cast<byte, long>(tensor.bytes);

    // What padding is in a channel with these values.
    internal static float Fill(Padding padding, ReadOnlySpan<float> values) => padding == Padding.Black ? values[0] : 0;

    // table: [channel × 256 + pixel].
    // target: [C, height, width].
    internal static void Copy(Sample sample, float[] table, Span<float> target, int height, int width, Geometry geometry)
    {
        var (rows, columns) = (geometry.Rows, geometry.Columns);
        var (top, bottom, left, right) = (rows.First(height), rows.End(height), columns.First(width), columns.End(width));
        var pixels = sample.Pixels.Span;
        for (var c = 0; c < table.Length / 256; c++)
        {
            var values = table.AsSpan(c * 256, 256);
            var fill = Fill(geometry.Padding, values);
            for (var y = 0; y < height; y++)
            {
                var row = target.Slice(((c * height) + y) * width, width);
                if (y < top || y >= bottom || left == right)
                {
                    row.Fill(fill);
                    continue;
                }

                row[..left].Fill(fill);
                row[right..].Fill(fill);
                var start = (((c * sample.Height) + rows.Nearest(y)) * sample.Width) + columns.Start + columns.Offset + left;
                Convert(pixels.Slice(start, right - left), values, row[left..right]);
                if (geometry.Flip)
                    row.Reverse();
            }
        }
    }

    // The labels of the same pixels, each one's of the nearest pixel where they are resized.
    // target: [height, width].
    internal static void CopyMask(Sample sample, Span<long> target, int height, int width, Geometry geometry, byte fill)
    {
        var (rows, columns) = (geometry.Rows, geometry.Columns);
        var (left, right) = (columns.First(width), columns.End(width));
        target.Fill(fill);
        for (var y = rows.First(height); y < rows.End(height); y++)
        {
            var row = target.Slice(y * width, width);
            var source = sample.Mask.Span.Slice(rows.Nearest(y) * sample.Width, sample.Width);
            for (var x = left; x < right; x++)
                row[x] = source[columns.Nearest(x)];
            if (geometry.Flip)
                row.Reverse();
        }
    }

    private static void Convert(ReadOnlySpan<byte> pixels, ReadOnlySpan<float> values, Span<float> target)
    {
        for (var i = 0; i < pixels.Length; i++)
            target[i] = values[pixels[i]];
    }
}

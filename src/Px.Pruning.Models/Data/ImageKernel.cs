using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Data;

/// <summary>Bytes to normalised numbers through a table of 256 values a channel: one pass over the image, whatever is done to it on the way.</summary>
internal static class ImageKernel
{
    /// <summary>Output row y and column x come from row y + Down and column x + Right of the mirrored or unmirrored image; black where that lies outside.</summary>
    /// <param name="Down">Rows.</param>
    /// <param name="Right">Columns.</param>
    /// <param name="Flip">Whether the piece that was cut out is mirrored left to right.</param>
    internal readonly record struct Change(int Down, int Right, bool Flip);

    /// <summary>The memory of a contiguous float32 tensor on the CPU; valid while the tensor lives.</summary>
    public static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>The memory of a contiguous int64 tensor on the CPU; valid while the tensor lives.</summary>
    public static Span<long> Longs(Tensor tensor) => MemoryMarshal.Cast<byte, long>(tensor.bytes);

    public static void Copy(ImageStore store, int image, float[] table, Span<float> target)
    {
        var pixels = store.Image(image);
        var plane = store.Height * store.Width;
        for (var c = 0; c < store.Channels; c++)
            Convert(pixels.Slice(c * plane, plane), table.AsSpan(c * 256, 256), target.Slice(c * plane, plane));
    }

    public static void CopyAugmented(ImageStore store, int image, float[] table, Span<float> target, Change change)
    {
        var (height, width) = (store.Height, store.Width);
        var pixels = store.Image(image);
        // The columns [left, right) of the piece lie inside the image.
        var (left, right) = (Math.Clamp(-change.Right, 0, width), Math.Clamp(width - change.Right, 0, width));
        for (var c = 0; c < store.Channels; c++)
        {
            var values = table.AsSpan(c * 256, 256);
            for (var y = 0; y < height; y++)
            {
                var row = target.Slice(((c * height) + y) * width, width);
                var source = y + change.Down;
                row.Fill(values[0]);
                if (source >= 0 && source < height && left < right)
                    Convert(pixels.Slice((((c * height) + source) * width) + left + change.Right, right - left), values, row[left..right]);
                if (change.Flip)
                    row.Reverse();
            }
        }
    }

    private static void Convert(ReadOnlySpan<byte> pixels, ReadOnlySpan<float> values, Span<float> target)
    {
        for (var i = 0; i < pixels.Length; i++)
            target[i] = values[pixels[i]];
    }
}

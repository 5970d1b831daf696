using System.Buffers.Binary;

namespace Px.Runner.Tests.Support;

/// <summary>The four files of a data set like Fashion-MNIST, but of 8×8 images that are as bright as their class: a network learns it in moments.</summary>
internal static class TinyImages
{
    private const int Side = 8;
    private const int Classes = 10;

    public static void Write(string folder, int train, int test)
    {
        WriteSplit(folder, "train", train);
        WriteSplit(folder, "t10k", test);
    }

    private static void WriteSplit(string folder, string split, int count)
    {
        var labels = Enumerable.Range(0, count).Select(image => (byte)(image % Classes)).ToArray();
        var random = new Random(count);
        var pixels = labels.SelectMany(label => Enumerable.Range(0, Side * Side).Select(_ => (byte)((label * 20) + random.Next(20)))).ToArray();
        File.WriteAllBytes(Path.Combine(folder, $"{split}-images-idx3-ubyte"), [.. Header(3, count, Side, Side), .. pixels]);
        File.WriteAllBytes(Path.Combine(folder, $"{split}-labels-idx1-ubyte"), [.. Header(1, count), .. labels]);
    }

    private static byte[] Header(byte dimensions, params int[] sizes)
    {
        byte[] header = [0, 0, 8, dimensions, .. new byte[sizes.Length * sizeof(int)]];
        for (var i = 0; i < sizes.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + (i * sizeof(int))), sizes[i]);
        return header;
    }
}

using Px.Runner.Files;

namespace Px.Runner.Images;

/// <summary>A stand-in for CIFAR-100 where that is absent: files of its format, in which each of the hundred classes is a pair of coarse colour patterns under noise.</summary>
/// <remarks>Good for seeing that a program works. What is learned from it says nothing about photographs.</remarks>
public static class SyntheticImages
{
    public const int UsualTrain = 10_000, UsualTest = 1_000;

    private const int Classes = 100, Side = 32, Cells = 4, Noise = 64;

    /// <summary>Writes <c>train.bin</c> and <c>test.bin</c>, the same bytes each time.</summary>
    public static void Write(string folder, int train, int test)
    {
        Directory.CreateDirectory(folder);
        WholeFile.Write(Path.Combine(folder, "train.bin"), Records(train, seed: 1));
        WholeFile.Write(Path.Combine(folder, "test.bin"), Records(test, seed: 2));
    }

    private static byte[] Records(int count, int seed)
    {
        var patterns = Enumerable.Range(0, Classes).Select(Pattern).ToArray();
        var random = new Random(seed);
        var records = new byte[count * (2 + (3 * Side * Side))];
        for (var (image, position) = (0, 0); image < count; image++)
        {
            var label = image % Classes;
            records[position++] = (byte)(label / 5);
            records[position++] = (byte)label;
            for (var channel = 0; channel < 3; channel++)
            {
                for (var pixel = 0; pixel < Side * Side; pixel++)
                {
                    var (row, column) = (pixel / Side * Cells / Side, pixel % Side * Cells / Side);
                    records[position++] = (byte)Math.Clamp(patterns[label][(((channel * Cells) + row) * Cells) + column] + random.Next(-Noise, Noise + 1), 0, 255);
                }
            }
        }

        return records;
    }

    private static int[] Pattern(int label)
    {
        var random = new Random(1000 + label);
        return [.. Enumerable.Range(0, 3 * Cells * Cells).Select(_ => random.Next(32, 224))];
    }
}

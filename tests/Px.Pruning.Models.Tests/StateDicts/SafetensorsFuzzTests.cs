using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.StateDicts;

public sealed class SafetensorsFuzzTests
{
    [Fact]
    public void Load_TwentyThousandMutatedFiles_SucceedOrThrowInvalidData()
    {
        var original = Original();
        var random = new Random(20240617);
        var (loaded, refused, before) = (0, 0, LiveTensors.Count);
        for (var i = 0; i < 20_000; i++)
        {
            var file = Mutate(original, random);
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var read = SafetensorsFile.Load(new MemoryStream(file));
                read.Values.Sum(tensor => tensor.numel() * tensor.ElementSize).Should().BeLessThan(file.Length);
                loaded++;
            }
            catch (InvalidDataException)
            {
                refused++;
            }

            (GC.GetAllocatedBytesForCurrentThread() - allocated).Should().BeLessThan(200_000, "file {0} has {1} bytes", i, file.Length);
        }

        LiveTensors.Count.Should().Be(before);
        loaded.Should().BeGreaterThan(500, "mutations of the data change no structure");
        refused.Should().BeGreaterThan(1000);
    }

    private static byte[] Original()
    {
        using var a = rand(2, 3);
        using var b = ones(4, dtype: ScalarType.Bool);
        using var c = zeros(2, 2, dtype: ScalarType.BFloat16);
        using var stream = new MemoryStream();
        SafetensorsFile.Save(stream, new Dictionary<string, Tensor> { ["layer.weight"] = a, ["mask"] = b, ["h"] = c }, new Dictionary<string, string> { ["format"] = "pt", ["x"] = "\u00e9" });
        return stream.ToArray();
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var file = original.ToList();
        for (var edits = random.Next(1, 4); edits > 0; edits--)
        {
            var at = random.Next(file.Count);
            switch (random.Next(6))
            {
                case 0: file[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: file[at] = (byte)random.Next(256); break;
                case 2: file[at] = (byte)"0123456789[]{},:\" "[random.Next(18)]; break;
                case 3: file.RemoveRange(at, Math.Min(random.Next(1, 12), file.Count - at)); break;
                case 4: file.InsertRange(at, file.GetRange(at, Math.Min(random.Next(1, 40), file.Count - at))); break;
                default: file.RemoveRange(at, file.Count - at); break;
            }

            if (file.Count == 0)
                break;
        }

        return [.. file];
    }
}

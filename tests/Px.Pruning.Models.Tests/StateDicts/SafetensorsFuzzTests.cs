using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.StateDicts;

/// <summary>Twenty thousand damaged files. <see cref="MeasuredLoad"/> fails on any exception but <see cref="InvalidDataException"/>, and on memory beyond twice the file and a constant.</summary>
public sealed class SafetensorsFuzzTests
{
    [Fact]
    public void Load_TwentyThousandMutatedFiles_SucceedOrThrowInvalidData()
    {
        // Large ones seldom: they are there for the memory, the small ones for the checks.
        var (small, header, data) = (Small(), SafetensorsBytes.Empties(2000), LargeTensor());
        var random = new Random(20240617);
        var (loaded, refused) = (0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            if (MeasuredLoad.RunSafetensors(Mutate(i % 40 == 0 ? header : i % 40 == 1 ? data : small, random)) is null)
                loaded++;
            else
                refused++;
        }

        loaded.Should().BeGreaterThan(500, "mutations of the data change no structure");
        refused.Should().BeGreaterThan(1000);
    }

    private static byte[] Small()
    {
        using var a = rand(2, 3);
        using var b = ones(4, dtype: ScalarType.Bool);
        using var c = zeros(2, 2, dtype: ScalarType.BFloat16);
        return Bytes(new() { ["layer.weight"] = a, ["mask"] = b, ["h"] = c }, new() { ["format"] = "pt", ["x"] = "\u00e9" });
    }

    private static byte[] LargeTensor()
    {
        using var noise = rand(250_000);
        return Bytes(new() { ["noise"] = noise }, []);
    }

    private static byte[] Bytes(Dictionary<string, Tensor> tensors, Dictionary<string, string> metadata)
    {
        using var stream = new MemoryStream();
        SafetensorsFile.Save(stream, tensors, metadata);
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

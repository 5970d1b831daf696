using System.IO.Compression;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.StateDicts;

/// <summary>Twenty thousand damaged files of each layout. <see cref="MeasuredLoad"/> fails on any exception but <see cref="InvalidDataException"/>, and on memory beyond twice the file and a constant.</summary>
public sealed class CheckpointFuzzTests
{
    // A file that is nearly all tensor, besides small ones that are nearly none.
    private const int Many = 50_000;

    // What the smallest file needs, an exception, and a deflated piece that claims a hundred times its length.
    private const long Slack = 1 << 18;

    private const string Instructions = "()]}KMJXUqhrRbQtuseacio.20N\u0080\u0085\u0088\u008A\u008E\u0093\u0094\u0095";

    // Half of them valid archives around a damaged pickle, so that the damage gets past the checksums.
    [Fact]
    public void Load_TwentyThousandMutatedZipFiles_SucceedOrThrowInvalidData() =>
        Fuzz(20240618, CheckpointBytes.Archive(CheckpointBytes.OneTensor(count: Many), Noise()).ToArray(), ["zip.pth", "layouts.pth", "training.pth", "training4.pth", "deflated.pth"], (random, file) => random.Next(2) == 0 ? Mutate(file, random) : MutatePickle(file, random));

    [Fact]
    public void Load_TwentyThousandMutatedLegacyFiles_SucceedOrThrowInvalidData() =>
        Fuzz(20240619, CheckpointBytes.Legacy(CheckpointBytes.OneTensor(count: Many), Noise()), ["legacy.pth", "legacy4.pth", "layouts-legacy.pth", "training-legacy.pth", "python2.pth"], (random, file) => Mutate(file, random));

    private static void Fuzz(int seed, byte[] large, string[] seeds, Func<Random, byte[], byte[]> mutate)
    {
        byte[][] files = [.. seeds.Select(name => File.ReadAllBytes(CheckpointFileTests.Golden(name))), large];
        var random = new Random(seed);
        var reasons = new Dictionary<string, int>();
        var loaded = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var file = mutate(random, files[i % files.Length]);
            if (random.Next(10) == 0)
                file = Splice(file, files[random.Next(files.Length)], random);
            var message = MeasuredLoad.Run(file, new CheckpointOptions { AllowUnknownObjects = i % 2 == 0 }, Slack);
            loaded += message is null ? 1 : 0;
            if (message is not null)
                reasons[Kind(message)] = reasons.GetValueOrDefault(Kind(message)) + 1;
        }

        loaded.Should().BeGreaterThan(1000, "mutations of numbers change no structure");
        reasons.Should().HaveCountGreaterThan(30, "the damage reaches every check");
    }

    private static byte[] Noise()
    {
        var bytes = new byte[4 * Many];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    // The words of a message that do not depend on the file.
    private static string Kind(string message) =>
        string.Join(' ', message["'stream' cannot be read as a checkpoint: ".Length..].Split(' ').Where(word => word.All(char.IsAsciiLetterLower)).Take(8));

    private static byte[] MutatePickle(byte[] file, Random random)
    {
        using var stream = new MemoryStream();
        using (var old = new ZipArchive(new MemoryStream(file)))
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in old.Entries)
            {
                using var content = new MemoryStream();
                using (var source = entry.Open())
                    source.CopyTo(content);
                using var target = zip.CreateEntry(entry.FullName, random.Next(8) == 0 ? CompressionLevel.Fastest : CompressionLevel.NoCompression).Open();
                target.Write(entry.Name == "data.pkl" ? Mutate(content.ToArray(), random) : content.ToArray());
            }
        }

        return stream.ToArray();
    }

    private static byte[] Splice(byte[] first, byte[] second, Random random) => [.. first[..random.Next(first.Length + 1)], .. second[random.Next(second.Length)..]];

    private static byte[] Mutate(byte[] original, Random random)
    {
        var file = original.ToList();
        for (var edits = random.Next(1, 4); edits > 0 && file.Count > 0; edits--)
        {
            var at = random.Next(file.Count);
            switch (random.Next(12))
            {
                case 0 or 1 or 2: file[at] ^= (byte)(1 << random.Next(8)); break;
                case 3 or 4: file[at] = (byte)random.Next(256); break;
                case 5: file[at] = (byte)Instructions[random.Next(Instructions.Length)]; break;
                case 6: file[at] = 0xFF; break;
                case 7: file.RemoveRange(at, Math.Min(random.Next(1, 12), file.Count - at)); break;
                case 8: file.InsertRange(at, file.GetRange(at, Math.Min(random.Next(1, 40), file.Count - at))); break;
                case 9: Copy(file, at, random); break;
                case 10: file.InsertRange(at, Enumerable.Repeat(file[at], random.Next(1, 300))); break;
                default: file.RemoveRange(at, random.Next(4) == 0 ? file.Count - at : 0); break;
            }
        }

        return [.. file];
    }

    // Some bytes over others of the same number: instructions in the wrong place.
    private static void Copy(List<byte> file, int to, Random random)
    {
        var from = random.Next(file.Count);
        for (var count = Math.Min(random.Next(1, 16), file.Count - Math.Max(from, to)); count > 0; count--)
            file[to++] = file[from++];
    }
}

using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Px.Pruning;
using Px.Pruning.Models.StateDicts;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Fuzz;

/// <summary>Small files of each format. Checksums are left out where the format allows it: with them nearly every mutant is refused early.</summary>
internal static class FuzzSeeds
{
    /// <summary>Where PyTorch's files are, in this repository.</summary>
    private const string Golden = "tests/Px.Pruning.Models.Tests/Reference/checkpoints";

    /// <summary>Three images of 2 × 2, and their labels.</summary>
    public static byte[] Images { get; } = Idx([.. Enumerable.Range(0, 12).Select(i => (byte)(20 * i))], 3, 2, 2);

    public static byte[] Labels { get; } = Idx([0, 9, 3], 3);

    /// <summary>What files of pruned networks are written from and read into.</summary>
    public static Sequential MakeNetwork() => Sequential(Linear(6, 4), BatchNorm1d(4));

    public static IEnumerable<byte[]> ZippedCheckpoints() => Checkpoints(zipped: true).Select(WithoutChecksums);

    public static IEnumerable<byte[]> LegacyCheckpoints() => Checkpoints(zipped: false);

    public static IEnumerable<byte[]> Safetensors()
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>
        {
            ["a.weight"] = arange(6, dtype: float32).reshape(2, 3), ["mask"] = ones(3, dtype: ScalarType.Bool), ["h"] = zeros(2, dtype: ScalarType.BFloat16),
        };
        yield return Bytes(stream => SafetensorsFile.Save(stream, tensors, new Dictionary<string, string> { ["format"] = "pt", ["x"] = "\u00e9" }));
        yield return Bytes(stream => SafetensorsFile.Save(stream, new Dictionary<string, Tensor>()));
    }

    public static IEnumerable<byte[]> Masks()
    {
        using var a = arange(6).lt(4).reshape(2, 3);
        using var b = zeros(5, dtype: ScalarType.Bool);
        using var mask = new PruningMask([KeyValuePair.Create("a", a), KeyValuePair.Create("b.weight", b)], new Dictionary<string, string> { ["seed"] = "1" });
        var whole = Bytes(mask.Save);
        return [whole, WithoutChecksum(whole)];
    }

    // Few weights are kept as their distances, many as one bit a weight.
    public static IEnumerable<byte[]> PrunedNetworks()
    {
        byte[] many = PrunedNetwork(kept: 12), few = PrunedNetwork(kept: 2);
        return [many, few, WithoutChecksum(many), WithoutChecksum(few)];
    }

    public static IEnumerable<byte[]> IdxImages() => [Images, Zip(Images)];

    public static IEnumerable<byte[]> IdxLabels() => [Labels, Zip(Labels)];

    public static IEnumerable<byte[]> Cifar10() => [Records(1 + 3072), [.. Records(1 + 3072), .. Records(1 + 3072)]];

    public static IEnumerable<byte[]> Cifar100() => [Records(2 + 3072), [.. Records(2 + 3072), .. Records(2 + 3072)]];

    private static IEnumerable<byte[]> Checkpoints(bool zipped) =>
        Directory.EnumerateFiles(Golden, "*.pt*").Order(StringComparer.Ordinal).Select(File.ReadAllBytes).Where(file => file[0] == 'P' == zipped);

    private static byte[] PrunedNetwork(int kept)
    {
        using var network = MakeNetwork();
        using var chosen = arange(24).lt(kept).reshape(4, 6);
        using var mask = new PruningMask([KeyValuePair.Create("0.weight", chosen)], new Dictionary<string, string> { ["seed"] = "1" });
        mask.Bind(network).Dispose();
        return Bytes(stream => PrunedFile.Save(stream, network, mask));
    }

    // PyTorch can leave them out, as zeros in the archive's directory.
    private static byte[] WithoutChecksums(byte[] archive)
    {
        for (var i = 0; i < archive.Length - 20; i++)
        {
            if (archive.AsSpan(i, 4).SequenceEqual("PK\u0001\u0002"u8))
                archive.AsSpan(i + 16, 4).Clear();
        }

        return archive;
    }

    // A name that means nothing takes the place of the checksum's.
    private static byte[] WithoutChecksum(byte[] file) => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(file).Replace("px-sha256", "px-sha257"));

    private static byte[] Idx(byte[] data, params int[] sizes)
    {
        var header = new byte[4 + 4 * sizes.Length];
        (header[2], header[3]) = (8, (byte)sizes.Length);
        for (var i = 0; i < sizes.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + 4 * i), sizes[i]);
        return [.. header, .. data];
    }

    private static byte[] Records(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i % 10))];

    private static byte[] Zip(byte[] bytes) => Bytes(stream =>
    {
        using var zip = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true);
        zip.Write(bytes);
    });

    private static byte[] Bytes(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        return stream.ToArray();
    }
}

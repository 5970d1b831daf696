using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Masking;

public sealed class MaskFileTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    /// <summary>
    /// The file by hand: length of the header, header padded with spaces to a multiple of 8, one byte a weight. And its checksum: counts, and texts after their
    /// length, of the metadata; then each tensor's name, type, sizes and bytes, in the order of names.
    /// </summary>
    [Fact]
    public void Save_SmallMask_WritesTheFormatByteForByte()
    {
        using var mask = new PruningMask(
            [
                KeyValuePair.Create("fc.weight", tensor(new[] { true, false, false, true, true, false }).reshape(2, 3)),
                KeyValuePair.Create("a.weight", tensor(new[] { false, true })),
            ],
            new Dictionary<string, string> { ["method"] = "PX", ["seed"] = "1" });
        using var stream = new MemoryStream();

        mask.Save(stream);

        byte[] content =
        [
            2, 0, 0, 0, 6, .. "method"u8, 2, .. "PX"u8, 4, .. "seed"u8, 1, .. "1"u8,
            8, .. "a.weight"u8, 4, .. "BOOL"u8, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1,
            9, .. "fc.weight"u8, 4, .. "BOOL"u8, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0,
        ];
        string checksum = Convert.ToHexString(SHA256.HashData(content));
        var header = $$$"""{"__metadata__":{"method":"PX","px-sha256":"{{{checksum}}}","seed":"1"},"fc.weight":{"dtype":"BOOL","shape":[2,3],"data_offsets":[0,6]},"a.weight":{"dtype":"BOOL","shape":[2],"data_offsets":[6,8]}}""";
        header = header.PadRight((header.Length + 7) / 8 * 8);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.ToArray().Should().Equal([.. length, .. Encoding.ASCII.GetBytes(header), 1, 0, 0, 1, 1, 0, 0, 1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Load_SavedMask_IsEqualInNamesOrderShapesValuesAndMetadata(bool file)
    {
        var metadata = new Dictionary<string, string> { ["method"] = "SNIP", ["note"] = "\"quoted\" — ünïcode \\ \n line" };
        using var original = new PruningMask(
            new MaskedNet().named_parameters().Reverse().Where(p => p.parameter.dim() > 1).Append(("scalar", torch.nn.Parameter(tensor(1f))))
                .Select(p => KeyValuePair.Create(p.Item1, rand(p.Item2.shape).lt(0.5))).Append(KeyValuePair.Create("empty", ones(0, 3))).ToList(),
            metadata);
        using var loaded = file ? ThroughFile(original) : ThroughStream(original);

        loaded.Names.Should().Equal(original.Names);
        loaded.Metadata.Should().BeEquivalentTo(metadata);
        (loaded.Kept, loaded.Total).Should().Be((original.Kept, original.Total));
        foreach (var name in original.Names)
        {
            loaded[name].shape.Should().Equal(original[name].shape);
            loaded[name].dtype.Should().Be(ScalarType.Bool);
            loaded[name].bytes.ToArray().Should().Equal(original[name].bytes.ToArray());
        }
    }

    [Fact]
    public void Load_NumpyStyleBytes_AreAccepted()
    {
        using var mask = Load("""{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 1, 0, 1, 1);

        mask["w"].bytes.ToArray().Should().Equal(1, 0, 1, 1);
        mask.Metadata.Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}""", new byte[] { 1, 2 }, "value 2 at index 1")]
    [InlineData("""{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", new byte[] { 255, 0 }, "value 255 at index 0")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", new byte[] { 0, 0, 0, 0 }, "type F32 instead of BOOL")]
    [InlineData("""{"w":{"dtype":"BOOL","shape":[3],"data_offsets":[0,2]}}""", new byte[] { 1, 0 }, "takes 3 bytes")]
    [InlineData("""{"w":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}""", new byte[] { 1 }, "truncated")]
    [InlineData("""{"w":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}""", new byte[] { 1, 1, 1 }, "longer")]
    [InlineData("""{"w":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]},"v":{"dtype":"BOOL","shape":[2],"data_offsets":[1,3]}}""", new byte[] { 1, 1, 1 }, "overlaps")]
    [InlineData("""{"__metadata__":{"method":"PX"}}""", new byte[0], "no masks")]
    public void Load_WrongContent_SaysWhere(string header, byte[] data, string message) =>
        ((Action)(() => Load(header, data))).Should().Throw<InvalidDataException>().WithMessage($"*{message}*");

    [Fact]
    public void Load_MissingFile_ThrowsFileNotFound() =>
        ((Action)(() => PruningMask.Load("no-such-mask.safetensors"))).Should().Throw<FileNotFoundException>();

    [Fact]
    public void Load_NotSeekableStream_ReadsToItsEnd()
    {
        using var original = new MaskedNet().HalfMask();
        using var stream = new MemoryStream();
        original.Save(stream);
        using var forwardOnly = new System.IO.Compression.DeflateStream(new MemoryStream(Deflate(stream.ToArray())), System.IO.Compression.CompressionMode.Decompress);

        using var loaded = PruningMask.Load(forwardOnly);

        loaded.Jaccard(original).Should().Be(1);
    }

    /// <summary>Whatever bytes are changed, cut or added, a file is a valid mask or an <see cref="InvalidDataException"/>, and nothing leaks.</summary>
    [Fact]
    public void Load_MutatedFile_IsAMaskOrInvalidData()
    {
        byte[] whole = MaskFileDamageTests.Bytes(MaskFileDamageTests.OldHeader, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0); // without a checksum, as older files are
        var random = new Random(20240607);
        var (valid, invalid) = (0, 0);
        var live = LiveTensors.Count;
        for (var i = 0; i < 4000; i++)
        {
            var bytes = Mutate([.. whole], random);
            try
            {
                using var mask = PruningMask.Load(new MemoryStream(bytes));
                mask.Names.Sum(mask.TotalIn).Should().Be(mask.Total);
                mask.Kept.Should().BeInRange(0, mask.Total);
                valid++;
            }
            catch (InvalidDataException)
            {
                invalid++;
            }
        }

        LiveTensors.Count.Should().Be(live);
        valid.Should().BeGreaterThan(100);
        invalid.Should().BeGreaterThan(2000);
    }

    [Fact]
    public void Save_FailsHalfway_LeavesTheOldFileAndNoOther()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var path = Path.Combine(folder.FullName, "mask.safetensors");
            File.WriteAllText(path, "the old one");
            using var mask = new PruningMask([new("a", ones(3, dtype: ScalarType.Bool)), new("b", ones(2, dtype: ScalarType.Bool))]);
            mask["b"].Dispose(); // against the rules, to make writing fail after the header

            mask.Invoking(m => m.Save(path)).Should().Throw<Exception>();

            Directory.GetFiles(folder.FullName).Should().Equal(path);
            File.ReadAllText(path).Should().Be("the old one");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            switch (random.Next(6))
            {
                case 0: bytes = bytes[..random.Next(bytes.Length + 1)]; break;
                case 1: bytes = [.. bytes, (byte)random.Next(256)]; break;
                case 2 when bytes.Length > 8: bytes[random.Next(8)] = (byte)random.Next(256); break;
                case 3 when bytes.Length > 0: bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8)); break;
                case 4 when bytes.Length > 0: bytes[random.Next(bytes.Length)] = (byte)"0123456789-[]{},:\""[random.Next(18)]; break;
                default: if (bytes.Length > 0) bytes[^random.Next(1, Math.Min(bytes.Length, 12))] = (byte)random.Next(3); break;
            }
        }

        return bytes;
    }

    private static PruningMask Load(string header, params byte[] data) => PruningMask.Load(new MemoryStream(MaskFileDamageTests.Bytes(header, data)));

    private static PruningMask ThroughStream(PruningMask mask)
    {
        using var stream = new MemoryStream();
        stream.WriteByte(77); // what lies before a stream's position is not the mask's
        mask.Save(stream);
        stream.Position = 1;
        return PruningMask.Load(stream);
    }

    private static PruningMask ThroughFile(PruningMask mask)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[100_000]); // longer than the mask: a file that exists is replaced, not overwritten
            mask.Save(path);
            return PruningMask.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Deflate(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var deflate = new System.IO.Compression.DeflateStream(target, System.IO.Compression.CompressionLevel.Fastest))
            deflate.Write(bytes);
        return target.ToArray();
    }
}

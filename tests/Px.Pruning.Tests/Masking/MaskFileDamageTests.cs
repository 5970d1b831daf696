using System.Buffers.Binary;
using System.Text;
using Px.Tests.Shared;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Masking;

/// <summary>Files of masks that are damaged, hostile or of the limits of the format: nothing wrong is believed, and only documented exceptions are thrown.</summary>
[Trait("Category", "Soak")]
public sealed class MaskFileDamageTests(ITestOutputHelper log) : IDisposable
{
    internal const string OldHeader = """{"__metadata__":{"seed":"1"},"a":{"dtype":"BOOL","shape":[2,3],"data_offsets":[0,6]},"b.weight":{"dtype":"BOOL","shape":[5],"data_offsets":[6,11]}}""";

    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    /// <summary>Whatever is changed in a file with a checksum, it is refused or says the same: damage that still parses is not believed. (Damage to the
    /// checksum's name makes a file without one, which is as good as older files.)</summary>
    [Fact]
    public void Load_MutatedFileWithChecksum_IsTheSameMaskOrInvalidData()
    {
        using var original = new MaskedNet().HalfMask();
        using var small = new PruningMask(
            [KeyValuePair.Create("a", ones(2, 3)), KeyValuePair.Create("b.weight", zeros(5))], new Dictionary<string, string> { ["seed"] = "1" });
        var broken = new BrokenFiles(20261130);
        foreach (var mask in new[] { original, small })
        {
            byte[] whole = Bytes(mask);
            var outcome = new DocumentedExceptions();
            for (int i = 0; i < BrokenFiles.Count; i++)
            {
                byte[] file = broken.Mutate(whole);
                outcome.Try(file, () =>
                {
                    using var loaded = PruningMask.Load(new MemoryStream(file));
                    if (file.AsSpan().IndexOf("\"px-sha256\""u8) < 0) return;
                    loaded.Names.Should().Equal(mask.Names);
                    loaded.Metadata.Should().Equal(mask.Metadata);
                    loaded.Jaccard(mask).Should().Be(1);
                });
            }

            log.WriteLine($"soak: mask files: {outcome.Read} read as they were, {outcome.Refused} refused, 0 other exceptions");
            outcome.Refused.Should().BeGreaterThan(BrokenFiles.Count / 2);
        }
    }

    [Fact]
    public void Load_EveryBitOfTheDataFlipped_IsRefused()
    {
        using var mask = new PruningMask([KeyValuePair.Create("a", ones(2, 3)), KeyValuePair.Create("b.weight", zeros(5))]);
        byte[] whole = Bytes(mask);
        for (int i = whole.Length - 11; i < whole.Length; i++)
        {
            byte[] flipped = [.. whole];
            flipped[i] ^= 1;

            ((Action)(() => PruningMask.Load(new MemoryStream(flipped)))).Should().Throw<InvalidDataException>().WithMessage("*checksum*");
        }
    }

    /// <summary>As Python writes them: tensors in the order of their names, other white space, the metadata first or last.</summary>
    [Fact]
    public void Load_SameContentInAnotherLayout_FitsTheChecksum()
    {
        using var mask = new PruningMask([KeyValuePair.Create("b", ones(2)), KeyValuePair.Create("a", zeros(1))]);
        string text = Encoding.UTF8.GetString(Bytes(mask));
        string checksum = text[(text.IndexOf("px-sha256", StringComparison.Ordinal) + 12)..][..64];
        string header = $$$"""{"a": {"dtype": "BOOL", "shape": [1], "data_offsets": [0, 1]}, "b": {"dtype": "BOOL", "shape": [2], "data_offsets": [1, 3]}, "__metadata__": {"px-sha256": "{{{checksum}}}"}}""";

        using var loaded = Load(header, 0, 1, 1);

        loaded.Names.Should().Equal("a", "b");
        loaded.Metadata.Should().BeEmpty("a copy of the checksum would not fit another mask");
        ((Action)(() => Load(header, 1, 1, 1))).Should().Throw<InvalidDataException>().WithMessage("*remove 'px-sha256'*");
    }

    /// <summary>Files of the documented limits, and a pipe: no exception except the documented ones.</summary>
    [Fact]
    public void Load_HostileHeaders_AreMasksOrInvalidData()
    {
        var (broken, outcome, live) = (new BrokenFiles(16), new DocumentedExceptions(), LiveTensors.Count);
        for (int i = 0; i < 2 * BrokenFiles.Count; i++)
        {
            byte[] file = broken.Safetensors();
            outcome.Try(file, () => PruningMask.Load(i % 2 == 0 ? new MemoryStream(file) : new Pipe(new MemoryStream(file))).Dispose());
        }

        LiveTensors.Count.Should().Be(live);
        outcome.Read.Should().BeGreaterThan(BrokenFiles.Count / 20);
        outcome.Refused.Should().BeGreaterThan(BrokenFiles.Count / 2);
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"\ud800","shape":[1],"data_offsets":[0,1]}}""")]
    [InlineData("""{"w":{"\ud800":"BOOL","shape":[1],"data_offsets":[0,1]}}""")]
    [InlineData("""{"\ud800":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}""")]
    [InlineData("""{"__metadata__":{"a":"\udc00"},"w":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}""")]
    public void Load_HalfASurrogatePair_IsInvalidData(string header) =>
        ((Action)(() => Load(header, 1))).Should().Throw<InvalidDataException>().WithMessage("*not Unicode*");

    [Fact]
    public void Save_HalfASurrogatePair_IsRefusedAndTheOldFileStays()
    {
        using var tensor = ones(2);
        string path = Path.GetTempFileName();
        File.WriteAllText(path, "the old one");
        foreach (var mask in new[]
        {
            new PruningMask([KeyValuePair.Create("a\ud800", tensor)]),
            new PruningMask([KeyValuePair.Create("a", tensor)], new Dictionary<string, string> { ["\udc00"] = "" }),
            new PruningMask([KeyValuePair.Create("a", tensor)], new Dictionary<string, string> { ["x"] = "\ud800\ud800" }),
        })
        {
            using (mask) mask.Invoking(m => m.Save(path)).Should().Throw<ArgumentException>().WithMessage("*not Unicode*");
        }

        File.ReadAllText(path).Should().Be("the old one");
        using (var whole = new PruningMask([KeyValuePair.Create("\ud83d\ude00", tensor)])) whole.Save(path);
        using (var loaded = PruningMask.Load(path)) loaded.Names.Should().Equal("\ud83d\ude00");
        File.Delete(path);
    }

    [Fact]
    public void Load_ManySmallMasksAndMuchMetadata_ReadsWhatSaveWrote()
    {
        string much = new('x', 50_000_000);
        using var one = ones(4, 4, dtype: ScalarType.Bool);
        using var original = new PruningMask(
            Enumerable.Range(0, 1800).Select(i => KeyValuePair.Create($"layers.{i}.weight", one)), new Dictionary<string, string> { ["log"] = much });
        using var stream = new MemoryStream();
        original.Save(stream);
        stream.Position = 0;

        using var loaded = PruningMask.Load(stream);

        loaded.Names.Should().HaveCount(1800);
        loaded.Metadata["log"].Should().HaveLength(much.Length);
    }

    /// <summary>The worst for memory that a file can hold, thousands of times: tensors without numbers, and texts of a few characters.</summary>
    [Theory]
    [InlineData(10_000, 0, true)]
    [InlineData(1, 3000, true)]
    [InlineData(1, 50_000, false)]
    public void Save_MoreObjectsThanBytes_IsReadAgainOrRefused(int masks, int texts, bool saved)
    {
        using var none = ones(0, dtype: ScalarType.Bool);
        using var original = new PruningMask(
            Enumerable.Range(0, masks).Select(i => KeyValuePair.Create($"{i:x}", none)), Enumerable.Range(0, texts).ToDictionary(i => $"{i:x}", _ => ""));
        using var stream = new MemoryStream();
        if (!saved)
        {
            original.Invoking(mask => mask.Save(stream)).Should().Throw<ArgumentException>().WithMessage("*memory*");
            stream.Length.Should().Be(0);
            return;
        }

        original.Save(stream);
        stream.Position = 0;
        using var loaded = PruningMask.Load(stream);
        (loaded.Names.Count, loaded.Metadata.Count).Should().Be((masks, texts));
    }

    /// <summary>Endless zeros, spaces and letters, and headers of other files: refused after the header, whatever follows.</summary>
    [Fact]
    public void Load_EndlessPipeThatIsNoMask_IsRefusedAtItsHeader()
    {
        foreach (byte[] beginning in new[] { [], "{ this is no mask"u8.ToArray(), Bytes("[1]"), Bytes("""{"w":{"dtype":"F32","shape":[900000],"data_offsets":[0,3600000]}}"""), Bytes("{}") })
        {
            var pipe = new Pipe(new MemoryStream(beginning), endless: true);

            ((Action)(() => PruningMask.Load(pipe))).Should().Throw<InvalidDataException>();
            pipe.Count.Should().BeLessThan(1 << 17);
        }

        // What is longer than its header says is not waited for either.
        var longer = new Pipe(new MemoryStream(Bytes(OldHeader)), endless: true);
        ((Action)(() => PruningMask.Load(longer))).Should().Throw<InvalidDataException>().WithMessage("*longer than it says*");
        longer.Count.Should().BeLessThan(1 << 17);
    }

    [Fact]
    public void Load_WhatCannotBeOpened_IsAnIOException()
    {
        var folder = Directory.CreateTempSubdirectory();
        string file = Path.Combine(folder.FullName, "mask.safetensors");
        File.WriteAllText(file, "");

        foreach (string path in new[] { folder.FullName, Path.Combine(folder.FullName, "missing"), Path.Combine(file, "below a file") })
            ((Action)(() => PruningMask.Load(path))).Should().Throw<IOException>(path);
        folder.Delete(recursive: true);
    }

    private static byte[] Bytes(PruningMask mask)
    {
        using var stream = new MemoryStream();
        mask.Save(stream);
        return stream.ToArray();
    }

    private static PruningMask Load(string header, params byte[] data) => PruningMask.Load(new MemoryStream(Bytes(header, data)));

    internal static byte[] Bytes(string header, params byte[] data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. Encoding.ASCII.GetBytes(header), .. data];
    }

    /// <summary>A stream that cannot seek, gives a few bytes at a time, counts them, and may go on with zeros for ever.</summary>
    private sealed class Pipe(Stream content, bool endless = false) : Stream
    {
        public long Count { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            count = Math.Min(count, 1000);
            int read = content.Read(buffer, offset, count);
            if (read == 0 && endless)
            {
                Array.Clear(buffer, offset, count);
                read = count;
            }

            Count += read;
            return read;
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

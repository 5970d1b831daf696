using System.Buffers.Binary;
using System.IO.Compression;
using Px.Bytes;
using Px.Pruning.Models.StateDicts.Bytes;
using Px.Pruning.Models.StateDicts.Zip;

namespace Px.Pruning.Models.Tests.StateDicts.Zip;

/// <summary>Our archives against .NET's, both ways.</summary>
public sealed class ZipTests
{
    [Fact]
    public void Crc32_OfTheStandardText_IsTheStandardValue()
    {
        var checksum = new Crc32();
        checksum.Value.Should().Be(0);
        checksum.Append("123456789"u8);
        checksum.Value.Should().Be(0xCBF43926);
    }

    [Fact]
    public void Crc32_InPieces_IsThatOfTheWhole()
    {
        var bytes = new byte[1000];
        new Random(1).NextBytes(bytes);
        var whole = new Crc32();
        whole.Append(bytes);
        for (var cut = 0; cut <= 20; cut++)
        {
            var pieces = new Crc32();
            pieces.Append(bytes.AsSpan(0, cut));
            pieces.Append(bytes.AsSpan(cut));
            pieces.Value.Should().Be(whole.Value);
        }
    }

    [Fact]
    public void Write_SomeFiles_OpensWithTheirDataAtMultiplesOf64()
    {
        var files = Files();
        using var stream = new MemoryStream();
        var writer = new ZipWriter(stream);
        foreach (var (name, content) in files)
            writer.Add(name, content);
        writer.Finish();

        using (var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true))
            archive.Entries.ToDictionary(entry => entry.FullName, Content).Should().BeEquivalentTo(files);
        foreach (var (name, content) in files.Where(file => file.Value.Length > 2))
            (stream.ToArray().AsSpan().IndexOf(content) % 64).Should().Be(0, name);
        Read(stream).Should().BeEquivalentTo(files);
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void Read_AnArchiveOfDotNet_GivesItsFiles(CompressionLevel level)
    {
        var files = Files();
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            archive.Comment = "PK\u0005\u0006 does not end here";
            foreach (var (name, content) in files)
            {
                using var entry = archive.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        Read(stream).Should().BeEquivalentTo(files);
    }

    [Fact]
    public void Read_TwoFilesOfOneName_IsRefused()
    {
        using var stream = new MemoryStream();
        var writer = new ZipWriter(stream);
        writer.Add("a", [1]);
        writer.Add("a", [2]);
        writer.Finish();
        FluentActions.Invoking(() => Read(stream)).Should().Throw<InvalidDataException>().WithMessage("*two files named 'a'*");
    }

    // Each number of the directory's end and of its one entry, replaced by what it cannot be.
    [Fact]
    public void Read_DirectoriesThatLie_AreRefused()
    {
        using var stream = new MemoryStream();
        var writer = new ZipWriter(stream);
        writer.Add("a", new byte[100]);
        writer.Finish();
        var good = stream.ToArray();
        var (directory, end64) = (good.AsSpan().IndexOf("PK\u0001\u0002"u8), good.AsSpan().IndexOf("PK\u0006\u0006"u8));
        var refused = 0;
        foreach (var at in (int[])[directory + 51, directory + 59, directory + 67, end64 + 24 + 8, end64 + 40, end64 + 48, end64 + 64])
        {
            foreach (var value in (long[])[-1, 101, good.Length, 1L << 40, long.MaxValue, long.MinValue])
            {
                var bad = (byte[])good.Clone();
                BinaryPrimitives.WriteInt64LittleEndian(bad.AsSpan(at), value);
                FluentActions.Invoking(() => Read(new MemoryStream(bad))).Should().Throw<InvalidDataException>("{0} at {1}", value, at);
                refused++;
            }
        }

        refused.Should().Be(42);
    }

    private static Dictionary<string, byte[]> Files()
    {
        var noise = new byte[5000];
        new Random(2).NextBytes(noise);
        return new() { ["x/data.pkl"] = [.. "hello, hello, hello, hello"u8], ["x/naïve ✓"] = noise, ["x/empty"] = [], ["x/one"] = [7] };
    }

    private static Dictionary<string, byte[]> Read(MemoryStream stream)
    {
        stream.Position = 0;
        var zip = ZipReader.Open(new ByteSource(stream), new MemoryBudget(stream.Length, 2, ""));
        return zip.Names.ToDictionary(name => name, name => zip.Read(name, read =>
        {
            var content = new byte[zip.Length(name)];
            read(content);
            return content;
        }));
    }

    private static byte[] Content(ZipArchiveEntry entry)
    {
        using var content = new MemoryStream();
        using var stream = entry.Open();
        stream.CopyTo(content);
        return content.ToArray();
    }
}

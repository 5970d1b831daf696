using System.Formats.Tar;
using System.IO.Compression;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.Data.Downloads;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.Data.Downloads;

public sealed class ArchiveUnpackerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("some.zip")]
    [InlineData("some.tar")]
    [InlineData("some.tar.gz")]
    public void Unpack_AnArchive_LeavesItsFolderAndNothingElse(string name)
    {
        Unpack(Archive(name, ("inner/a.txt", [1, 2]), ("inner/deep/b.txt", [3]), ("inner/empty.txt", []), ("outer.txt", [4])));
        File.ReadAllBytes(_folder.Path("target/inner/a.txt")).Should().Equal(1, 2);
        File.ReadAllBytes(_folder.Path("target/inner/deep/b.txt")).Should().Equal(3);
        File.ReadAllBytes(_folder.Path("target/inner/empty.txt")).Should().BeEmpty();
        Directory.GetFileSystemEntries(_folder.Path("target")).Should().ContainSingle();
    }

    [Theory]
    [InlineData("some.zip", "../evil.txt")]
    [InlineData("some.zip", "inner/../../evil.txt")]
    [InlineData("some.zip", "/tmp/px-evil.txt")]
    [InlineData("some.zip", "..\\evil.txt")]
    [InlineData("some.tar", "../evil.txt")]
    [InlineData("some.tar.gz", "inner/../../../evil.txt")]
    [InlineData("some.tar", "/tmp/px-evil.txt")]
    public void Unpack_ANameThatLeadsOutside_IsRefused(string name, string entry)
    {
        Refused(Archive(name, ("inner/a.txt", [1]), (entry, [2])), "*leads outside*");
        Directory.GetFiles(_folder.Root, "*evil*", SearchOption.AllDirectories).Should().BeEmpty();
        File.Exists("/tmp/px-evil.txt").Should().BeFalse();
    }

    [Theory]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    public void Unpack_ALink_IsRefused(TarEntryType type)
    {
        var path = _folder.Path("links.tar");
        using (var tar = new TarWriter(File.Create(path)))
            tar.WriteEntry(new PaxTarEntry(type, "inner/link") { LinkName = "/etc/passwd" });
        Refused(path, "*inner/link' of type *Link*");
    }

    [Theory]
    [InlineData("some.zip", 2)]
    [InlineData("some.tar.gz", 3)]
    public void Unpack_MoreThanAllowedWithHeaders_Stops(string name, int entries)
    {
        var archive = Archive(name, ("inner/a.txt", new byte[600]), ("inner/b.txt", new byte[401]));
        Refused(archive, "*more than it should*inner/b.txt*", maximum: 1000 + (entries * 512));
        Unpack(archive, maximum: 1001 + (entries * 512));
    }

    [Fact]
    public void Unpack_AnArchiveOfSomethingElse_IsRefused() => Refused(Archive("some.tar", ("other/a.txt", [1])), "*has no folder 'inner'*");

    [Theory]
    [InlineData("some.zip")]
    [InlineData("some.tar")]
    [InlineData("some.tar.gz")]
    public void Unpack_ATruncatedArchive_IsRefused(string name)
    {
        var random = new byte[5000];
        new Random(1).NextBytes(random);
        var path = Archive(name, ("inner/a.txt", random));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..3000]);
        Refused(path, "*");
    }

    [Fact]
    public async Task GetAsync_AnArchive_IsUnpackedOnceAndReadableByItsLoader()
    {
        var archive = File.ReadAllBytes(Archive("cifar-10-binary.tar.gz", ("cifar-10-batches-bin/test_batch.bin", [7, .. new byte[3072]])));
        using var server = new FakeServer();
        server.Put("cifar-10-binary.tar.gz", archive);
        using var client = new HttpClient(server);
        var official = DatasetArchive.Cifar10 with { Files = [DatasetArchive.Cifar10.Files[0] with { Checksum = Checksums.Md5(archive), Length = archive.Length }] };
        var download = new DatasetDownload(client, new DatasetDownloadOptions { Cache = _folder.Path("cache") });
        Cifar10.Load(await download.GetAsync(official), DatasetSplit.Test).Label(0).Should().Be(7);
        File.Delete(_folder.Path("cache/cifar-10/cifar-10-binary.tar.gz"));
        await download.GetAsync(official);
        server.Requests.Should().ContainSingle("what is unpacked needs no archive");
    }

    public void Dispose() => _folder.Dispose();

    private string Archive(string name, params (string Name, byte[] Content)[] entries)
    {
        var path = _folder.Path(name);
        using var file = File.Create(path);
        if (name.EndsWith(".zip", StringComparison.Ordinal))
        {
            using var zip = new ZipArchive(file, ZipArchiveMode.Create);
            foreach (var entry in entries)
            {
                using var target = zip.CreateEntry(entry.Name).Open();
                target.Write(entry.Content);
            }

            return path;
        }

        using var stream = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionLevel.Fastest) : (Stream)file;
        using var tar = new TarWriter(stream);
        tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "inner/"));
        foreach (var entry in entries)
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, entry.Name) { DataStream = new MemoryStream(entry.Content) });
        return path;
    }

    private void Unpack(string archive, long maximum = 1 << 20)
    {
        Directory.CreateDirectory(_folder.Path("target"));
        ArchiveUnpacker.Unpack(archive, _folder.Path("target"), "inner", maximum, CancellationToken.None);
    }

    private void Refused(string archive, string message, long maximum = 1 << 20)
    {
        FluentActions.Invoking(() => Unpack(archive, maximum)).Should().Throw<InvalidDataException>().WithMessage(message);
        Directory.GetFileSystemEntries(_folder.Path("target")).Should().BeEmpty("nothing half unpacked is left");
    }
}

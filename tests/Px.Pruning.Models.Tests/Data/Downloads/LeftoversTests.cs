using Px.Pruning.Models.Data.Downloads;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.Data.Downloads;

/// <summary>What a process leaves that is killed while it downloads or unpacks.</summary>
public sealed class LeftoversTests : IDisposable
{
    private readonly TemporaryFolder _cache = new();
    private readonly FakeServer _server = new();
    private readonly HttpClient _client;
    private readonly DatasetArchive _archive;

    // As it was when the other process was killed: half unpacked, and with a part of a download.
    private readonly string _killed = $"some/inner.{Guid.NewGuid():N}.partial";

    public LeftoversTests()
    {
        var bytes = TarBytes.Archive(TarBytes.Entry("inner/a", '0', [1]));
        _client = new HttpClient(_server);
        _server.Put("some.tar", bytes);
        _archive = new()
        {
            Name = "Some images",
            Folder = "some",
            UnpacksTo = "inner",
            Files = [new() { Address = new Uri("https://example.org/some.tar"), Length = bytes.Length, Checksum = Checksums.Md5(bytes) }],
        };
        _cache.Write(_killed + "/inner/a", 1);
        _cache.Write(_killed + "/inner/deep/b", 2);
    }

    [Fact]
    public async Task GetAsync_AfterAKilledUnpacking_LeavesTheDataSetAndNothingElse()
    {
        await Get();
        Names().Should().BeEquivalentTo(".lock", "some.tar", "inner");
        File.ReadAllBytes(_cache.Path("some/inner/a")).Should().Equal(1);
    }

    [Fact]
    public async Task GetAsync_OfADataSetThatIsThere_RemovesWhatIsLeftOfIt()
    {
        _cache.Write("some/inner/a", 1);
        _cache.Write("some/some.tar.partial", 1);
        _cache.Write("some/some.tar.version", 1);
        await Get();
        Names().Should().BeEquivalentTo(".lock", "inner");
        _server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task GetAsync_AfterAKillBetweenTheFileAndItsVersion_RemovesTheVersion()
    {
        _cache.Write("some/some.tar", [.. TarBytes.Archive(TarBytes.Entry("inner/a", '0', [1]))]);
        _cache.Write("some/some.tar.version", "\"one\""u8.ToArray());
        await Get();
        Names().Should().BeEquivalentTo(".lock", "some.tar", "inner");
    }

    [Fact]
    public async Task GetAsync_WhatBelongsToARunningProcess_IsLeftAlone()
    {
        _cache.Write("some/inner/a", 1);
        _cache.Write("some/some.tar.partial", 1);
        using (await FolderLock.TakeAsync(_cache.Path("some"), CancellationToken.None))
            await Get();
        Names().Should().Contain([Path.GetFileName(_killed), "some.tar.partial"]);
        await Get();
        Names().Should().BeEquivalentTo(".lock", "inner");
    }

    [Fact]
    public async Task GetAsync_WhatHasAnotherName_IsLeftAlone()
    {
        string[] others = ["inner.partial", "inner.mine.partial", $"other.{Guid.NewGuid():N}.partial", $"inner.{Guid.NewGuid():N}", "other.tar.partial", "notes.txt"];
        foreach (var other in others[..4])
            _cache.Write($"some/{other}/a", 1);
        foreach (var other in others[4..])
            _cache.Write($"some/{other}", 1);
        await Get();
        await Get();
        Names().Should().BeEquivalentTo([".lock", "some.tar", "inner", .. others]);
    }

    [Fact]
    public async Task GetAsync_AnUnpackingThatFails_RemovesTheLeftoverAllTheSame()
    {
        _cache.Write("some/some.tar", [1, 2, 3]);
        var damaged = _archive with { Files = [_archive.Files[0] with { Checksum = Checksums.Md5([1, 2, 3]) }] };
        await FluentActions.Awaiting(() => new DatasetDownload(_client, new() { Cache = _cache.Root }).GetAsync(damaged)).Should().ThrowAsync<InvalidDataException>();
        Names().Should().BeEquivalentTo(".lock", "some.tar");
    }

    public void Dispose()
    {
        _client.Dispose();
        _cache.Dispose();
    }

    private Task<string> Get() => new DatasetDownload(_client, new() { Cache = _cache.Root }).GetAsync(_archive);

    private IEnumerable<string?> Names() => Directory.GetFileSystemEntries(_cache.Path("some")).Select(Path.GetFileName);
}

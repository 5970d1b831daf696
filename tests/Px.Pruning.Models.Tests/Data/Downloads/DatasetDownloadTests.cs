using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.Data.Downloads;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.Data.Downloads;

public sealed class DatasetDownloadTests : IDisposable
{
    private const int Length = 200_000;

    private static readonly byte[] Content = [.. Enumerable.Range(0, Length).Select(i => (byte)(i * 7 / 3))];

    private static readonly DatasetArchive Archive = new()
    {
        Name = "Some images",
        Folder = "some",
        Files = [new DatasetFile { Address = new Uri("https://example.org/data/some.gz"), Checksum = Checksums.Sha256(Content).ToUpperInvariant() }],
    };

    private readonly TemporaryFolder _cache = new();
    private readonly FakeServer _server = new();
    private readonly HttpClient _client;
    private DatasetDownloadOptions _options;

    public DatasetDownloadTests()
    {
        _server.Put("some.gz", Content);
        _client = new HttpClient(_server);
        _options = new DatasetDownloadOptions { Cache = _cache.Root };
    }

    private string File => _cache.Path("some/some.gz");

    private string Partial => File + ".partial";

    [Fact]
    public async Task GetAsync_FileWithTheRightChecksum_IsInTheCacheAndAskedForOnce()
    {
        var reports = new Reports();
        (await Get(progress: reports)).Should().Be(_cache.Path("some"));
        Bytes(File).Should().Equal(Content);
        await Get();
        _server.Requests.Should().ContainSingle().Which.RequestUri.Should().Be(Archive.Files[0].Address);
        reports.Should().BeInAscendingOrder(report => report.Received);
        reports[^1].Should().Be(new DownloadProgress("some.gz", Length, Length));
        Directory.GetFiles(_cache.Path("some")).Select(Path.GetFileName).Should().BeEquivalentTo("some.gz", ".lock");
    }

    [Fact]
    public async Task GetAsync_AnMd5Sum_IsCheckedAsWell()
    {
        var right = With(Checksums.Md5(Content));
        await Get(right);
        Bytes(File).Should().Equal(Content);
        await Failing<InvalidDataException>(With(new string('0', 32)), "*some.gz' is not the file that was published at*");
    }

    public static TheoryData<string, byte[]> WrongContents => new()
    {
        { "one byte changed", [1, .. Content[1..]] },
        { "truncated", Content[..^1] },
        { "too long", [.. Content, 0] },
        { "empty", [] },
    };

    [Theory]
    [MemberData(nameof(WrongContents))]
    public async Task GetAsync_AnotherContent_IsRefusedAndLeavesNothing(string what, byte[] served)
    {
        _server.Put("some.gz", served);
        await Failing<InvalidDataException>(Archive, "*https://example.org/data/some.gz does not hold the file*");
        Directory.GetFiles(_cache.Path("some")).Select(Path.GetFileName).Should().BeEquivalentTo([".lock"], what);
    }

    [Theory]
    [InlineData(FakeServer.Fault.Ends)]
    [InlineData(FakeServer.Fault.Breaks)]
    [InlineData(FakeServer.Fault.Hangs)]
    internal async Task GetAsync_AConnectionThatBreaks_IsTakenUpWhereItStopped(FakeServer.Fault fault)
    {
        _options = _options with { Patience = TimeSpan.FromSeconds(fault == FakeServer.Fault.Hangs ? 0.3 : 60) };
        _server.Faults.Enqueue((70_000, fault));
        _server.Faults.Enqueue((50_000, fault));
        await Get();
        Bytes(File).Should().Equal(Content);
        _server.Requests.Select(request => request.Headers.Range?.ToString()).Should().Equal(null, "bytes=70000-", "bytes=120000-");
        _server.Requests[1].Headers.IfRange!.EntityTag.Should().Be(_server.ETag);
    }

    [Fact]
    public async Task GetAsync_AConnectionThatBreaksTooOften_KeepsWhatThereIsForTheNextTime()
    {
        for (var i = 0; i < 4; i++)
            _server.Faults.Enqueue((10_000, FakeServer.Fault.Breaks));
        await Failing<FileNotFoundException>(Archive, "*Connection reset*");
        new FileInfo(Partial).Length.Should().Be(40_000);
        await Get();
        Bytes(File).Should().Equal(Content);
        _server.Requests[^1].Headers.Range!.ToString().Should().Be("bytes=40000-");
    }

    [Fact]
    public async Task GetAsync_AServerWithoutRanges_BeginsAgain()
    {
        _server.SupportsRanges = false;
        _server.Faults.Enqueue((70_000, FakeServer.Fault.Breaks));
        await Get();
        Bytes(File).Should().Equal(Content);
        _server.Requests.Should().HaveCount(2);
    }

    [Fact]
    public async Task GetAsync_AFileThatChangedOnTheServer_BeginsAgain()
    {
        _cache.Write("some/some.gz.partial", [.. Enumerable.Repeat((byte)9, 5000)]);
        _cache.Write("some/some.gz.version", "\"zero\""u8.ToArray());
        await Get();
        Bytes(File).Should().Equal(Content);
        _server.Requests.Should().ContainSingle("the condition was not met, so that the server sent all").Which.Headers.IfRange!.EntityTag!.Tag.Should().Be("\"zero\"");
    }

    [Fact]
    public async Task GetAsync_AWeakTag_IsReplacedByTheDate()
    {
        _server.ETag = new EntityTagHeaderValue("\"one\"", isWeak: true);
        _server.LastModified = new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero);
        _server.Faults.Enqueue((70_000, FakeServer.Fault.Breaks));
        await Get();
        Bytes(File).Should().Equal(Content);
        _server.Requests[1].Headers.IfRange!.Date.Should().Be(_server.LastModified);
    }

    [Theory]
    [InlineData(5_000)] // a beginning of something else
    [InlineData(Length + 5)] // longer than the file
    public async Task GetAsync_APartThatIsNotOfThisFile_IsThrownAwayInTheEnd(int length)
    {
        _cache.Write("some/some.gz.partial", [.. Enumerable.Repeat((byte)9, length)]);
        await Get();
        Bytes(File).Should().Equal(Content);
        _server.Requests.Should().HaveCount(2);
    }

    [Fact]
    public async Task GetAsync_APartThatIsWhole_IsTaken()
    {
        _cache.Write("some/some.gz.partial", Content);
        await Get();
        Bytes(File).Should().Equal(Content);
    }

    [Fact]
    public async Task GetAsync_AServerThatDoesNotSayTheLength_IsCheckedByTheSum()
    {
        _server.SaysItsLength = false;
        var reports = new Reports();
        await Get(progress: reports);
        Bytes(File).Should().Equal(Content);
        reports[^1].Total.Should().BeNull();
    }

    public static TheoryData<Exception?, HttpStatusCode?, string> Absent => new()
    {
        { new HttpRequestException("No such host is known."), null, "No such host is known." },
        { new TaskCanceledException("timeout"), null, "example.org does not answer." },
        { null, HttpStatusCode.NotFound, "404" },
        { null, HttpStatusCode.ServiceUnavailable, "503" },
    };

    [Theory]
    [MemberData(nameof(Absent))]
    public async Task GetAsync_WithoutTheNetwork_SaysWhichFileToPutWhere(Exception? unreachable, HttpStatusCode? refusal, string reason)
    {
        (_server.Unreachable, _server.Refusal) = (unreachable, refusal);
        await Failing<FileNotFoundException>(Archive, $"Some images is not on this machine*{reason}*Put the file from https://example.org/data/some.gz into '{_cache.Path("some")}'*");
        _cache.Write("some/some.gz", Content);
        (await Get()).Should().Be(_cache.Path("some"), "a file that was put there by hand will do");
    }

    [Fact]
    public async Task GetAsync_AnotherFilePutThereByHand_IsNotTakenForIt()
    {
        _cache.Write("some/some.gz", 1, 2, 3);
        await Failing<InvalidDataException>(Archive, "*Delete it to download it again.");
        Bytes(File).Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task GetAsync_AnUnzippedFilePutThereByHand_IsEnough()
    {
        _cache.Write("some/some", 1);
        await Get();
        _server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task GetAsync_Cancelled_KeepsWhatThereIsForTheNextTime()
    {
        using var cancel = new CancellationTokenSource();
        var progress = new Reports { At = 60_000, Do = cancel.Cancel };
        await FluentActions.Awaiting(() => Get(progress: progress, token: cancel.Token)).Should().ThrowAsync<OperationCanceledException>();
        new FileInfo(Partial).Length.Should().Be(60_000);
        await Get();
        _server.Requests[^1].Headers.Range!.ToString().Should().Be("bytes=60000-");
        Bytes(File).Should().Equal(Content);
    }

    [Fact]
    public async Task GetAsync_ManyAtOnce_DownloadOnce()
    {
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Get())));
        _server.Requests.Should().ContainSingle();
        Bytes(File).Should().Equal(Content);
    }

    [Fact]
    public async Task GetAsync_WhileAnotherHoldsTheFolder_CanBeCancelled()
    {
        Directory.CreateDirectory(_cache.Path("some"));
        using var held = await FolderLock.TakeAsync(_cache.Path("some"), CancellationToken.None);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await FluentActions.Awaiting(() => Get(token: cancel.Token)).Should().ThrowAsync<OperationCanceledException>();
        _server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task GetAsync_FilesThatAreThere_NeedNoLock()
    {
        _cache.Write("some/some.gz", Content);
        using var held = await FolderLock.TakeAsync(_cache.Path("some"), CancellationToken.None);
        (await Get()).Should().Be(_cache.Path("some"));
    }

    [Fact]
    public async Task GetAsync_ARealConnectionThatBreaks_IsTakenUpWhereItStopped()
    {
        using var server = new SocketServer(Content, breaksAfter: 120_000);
        using var client = new HttpClient();
        var archive = Archive with { Files = [Archive.Files[0] with { Address = new Uri(server.Address, "some.gz") }] };
        await new DatasetDownload(client, _options).GetAsync(archive);
        Bytes(File).Should().Equal(Content);
        server.Ranges.Should().HaveCount(2);
        server.Ranges[0].Should().BeNull();
        server.Ranges[1].Should().BeInRange(1, 120_000);
    }

    [Fact]
    public void Cache_ByDefault_IsTheUsersOrWhatTheEnvironmentSays()
    {
        var before = Environment.GetEnvironmentVariable(DatasetDownloadOptions.CacheVariable);
        try
        {
            Environment.SetEnvironmentVariable(DatasetDownloadOptions.CacheVariable, null);
            new DatasetDownloadOptions().Cache.Should().EndWith("Px.Pruning");
            Environment.SetEnvironmentVariable(DatasetDownloadOptions.CacheVariable, _cache.Root);
            new DatasetDownload(_client).FolderOf(DatasetArchive.Cifar10).Should().Be(_cache.Path("cifar-10"));
        }
        finally
        {
            Environment.SetEnvironmentVariable(DatasetDownloadOptions.CacheVariable, before);
        }
    }

    [Fact]
    public void Archives_AllOfThem_HaveFoldersOfTheirOwnAndWellFormedSums()
    {
        var archives = typeof(DatasetArchive).GetProperties().Where(property => property.PropertyType == typeof(DatasetArchive))
            .Select(property => (DatasetArchive)property.GetValue(null)!).ToList();
        archives.Should().HaveCount(6);
        archives.Select(archive => archive.Folder).Should().OnlyHaveUniqueItems();
        archives.SelectMany(archive => archive.Files).Should()
            .OnlyContain(file => (file.Checksum.Length == 32 || file.Checksum.Length == 64) && file.Checksum.All(char.IsAsciiHexDigitLower));
        DatasetArchive.PascalVoc2012.Files[0].Name.Should().Be("VOCtrainval_11-May-2012.tar");
    }

    [FashionMnistFact]
    public async Task GetAsync_TheRealFashionMnistPutThereByHand_HasTheRightSums()
    {
        Directory.CreateDirectory(_cache.Path("fashion-mnist"));
        foreach (var file in DatasetArchive.FashionMnist.Files)
            System.IO.File.WriteAllBytes(_cache.Path($"fashion-mnist/{file.Name}"), AsPublished(file.Name));
        FashionMnist.Load(await Get(DatasetArchive.FashionMnist), DatasetSplit.Test).Count.Should().Be(10_000);
    }

    [FashionMnistFact]
    public async Task GetAsync_OtherFilesOfThatName_AreRefused()
    {
        Directory.CreateDirectory(_cache.Path("fashion-mnist"));
        foreach (var file in DatasetArchive.FashionMnist.Files)
            System.IO.File.Copy(Path.Combine(FashionMnistFactAttribute.Folder, file.Name), _cache.Path($"fashion-mnist/{file.Name}"));
        await FluentActions.Awaiting(() => Get(DatasetArchive.FashionMnist)).Should().ThrowAsync<InvalidDataException>().WithMessage("*checksum*Delete it*");
    }

    public void Dispose()
    {
        _client.Dispose();
        _cache.Dispose();
    }

    /// <summary>The file that the authors published: Debian took the original's name and date out of the gzip header (RFC 1952), and left the rest.</summary>
    private static byte[] AsPublished(string name)
    {
        var debian = Bytes(Path.Combine(FashionMnistFactAttribute.Folder, name));
        var modified = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(modified, name.StartsWith("train", StringComparison.Ordinal) ? 1504176606 : 1504176627); // 31 August 2017
        return [.. debian[..3], 8, .. modified, .. debian[8..10], .. Encoding.ASCII.GetBytes(name[..^".gz".Length]), 0, .. debian[10..]];
    }

    private static DatasetArchive With(string checksum) => Archive with { Files = [Archive.Files[0] with { Checksum = checksum }] };

    private static byte[] Bytes(string path) => System.IO.File.ReadAllBytes(path);

    private Task<string> Get(DatasetArchive? archive = null, IProgress<DownloadProgress>? progress = null, CancellationToken token = default) =>
        new DatasetDownload(_client, _options).GetAsync(archive ?? Archive, progress, token);

    private async Task Failing<T>(DatasetArchive archive, string message)
        where T : Exception =>
        await FluentActions.Awaiting(() => Get(archive)).Should().ThrowAsync<T>().WithMessage(message);

    /// <summary>Reports as they come, without a synchronisation context in between.</summary>
    private sealed class Reports : List<DownloadProgress>, IProgress<DownloadProgress>
    {
        public long At { get; init; }

        public Action? Do { get; init; }

        public void Report(DownloadProgress value)
        {
            Add(value);
            if (value.Received == At)
                Do?.Invoke();
        }
    }
}

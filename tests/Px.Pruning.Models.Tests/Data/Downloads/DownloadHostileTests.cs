using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Px.Pruning.Models.Data.Downloads;
using Px.Pruning.Models.Tests.Support;
using Px.Tests.Shared;
using Xunit.Abstractions;

namespace Px.Pruning.Models.Tests.Data.Downloads;

/// <summary>Servers that send without end, crawl, lie or talk nonsense: bounded, and with the documented exceptions alone.</summary>
[Trait("Category", "Soak")]
public sealed class DownloadHostileTests : IDisposable
{
    private const int Length = 200_000;

    private static readonly byte[] Content = [.. Enumerable.Range(0, Length).Select(i => (byte)(i * 7 / 3))];

    private readonly TemporaryFolder _cache = new();
    private DatasetDownloadOptions _options;

    private readonly ITestOutputHelper _log;

    public DownloadHostileTests(ITestOutputHelper log) => (_log, _options) = (log, new() { Cache = _cache.Root, Patience = TimeSpan.FromSeconds(0.5), Retries = 1 });

    private string Partial => _cache.Path("some/some.gz.partial");

    [Theory]
    [InlineData(Length)]
    [InlineData(null)]
    public async Task GetAsync_AnAnswerWithoutEnd_StopsAtTheBound(int? length)
    {
        _options = _options with { MaximumLength = 1_000_000 };
        using var server = new HostileServer(async (stream, token) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"u8.ToArray(), token);
            while (true)
                await stream.WriteAsync(new byte[1 << 16], token);
        });
        var received = new Most();
        (await Failing<InvalidDataException>(server, length, received)).Should().MatchEquivalentOf(length is null ? "*at most 1000000*MaximumLength*" : "*more bytes instead of 200000.");
        received.Received.Should().BeLessThanOrEqualTo(length ?? 1_000_000);
        server.Requests.Should().Be(1);
        NothingIsLeft();
    }

    [Theory]
    [InlineData(Length, 100_000_000)] // longer
    [InlineData(Length, Length + 1)]
    [InlineData(Length, Length - 1)] // shorter
    [InlineData(Length, 0)]
    [InlineData(null, 5L << 30)] // beyond the bound of unknown lengths
    [InlineData(null, long.MaxValue)]
    public async Task GetAsync_AnAnswerOfAnotherLength_IsRefusedBeforeItIsReceived(int? expected, long found)
    {
        using var server = new HostileServer($"HTTP/1.1 200 OK\r\nContent-Length: {found}\r\n\r\n", []);
        var message = await Failing<InvalidDataException>(server, expected);
        message.Should().Contain($"has {found} bytes instead of ").And.Contain(expected is null ? "at most 4294967296." : "200000.");
        NothingIsLeft();
    }

    [Fact]
    public async Task GetAsync_AnAnswerOfAnotherLength_LeavesThePartThatWasReceivedBefore()
    {
        _cache.Write("some/some.gz.partial", Content[..5000]);
        using (var portal = new HostileServer("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n", "Please log in first."u8.ToArray()))
            await Failing<InvalidDataException>(portal, Length);
        File.ReadAllBytes(Partial).Should().Equal(Content[..5000]);
        using var server = new HostileServer($"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5000-{Length - 1}/{Length}\r\nContent-Length: {Length - 5000}\r\n\r\n", Content[5000..]);
        await Get(server, Length);
        File.ReadAllBytes(_cache.Path("some/some.gz")).Should().Equal(Content);
    }

    [Theory]
    [InlineData("bytes 5000-199999/300000", 195_000)] // a longer whole
    [InlineData("bytes 5000-199999/*", 295_000)] // a longer rest
    [InlineData("bytes 5000-9223372036854775806/*", long.MaxValue)] // beyond 64 bits together
    public async Task GetAsync_ARestOfAnotherLength_IsRefused(string range, long rest)
    {
        _cache.Write("some/some.gz.partial", Content[..5000]);
        using var server = new HostileServer($"HTTP/1.1 206 Partial Content\r\nContent-Range: {range}\r\nContent-Length: {rest}\r\n\r\n", []);
        await Failing<InvalidDataException>(server, Length);
    }

    [Fact]
    public async Task GetAsync_APartLongerThanTheFile_IsNotGoneOnWith()
    {
        _cache.Write("some/some.gz.partial", new byte[Length + 1]);
        using var server = new HostileServer($"HTTP/1.1 200 OK\r\nContent-Length: {Length}\r\n\r\n", Content);
        await Get(server, Length);
        server.Requests.Should().Be(1);
    }

    [Theory]
    [InlineData(1, 20)] // far below the floor of 1024 bytes a second, never silent for long
    [InlineData(20, 40)]
    public async Task GetAsync_AServerThatCrawls_IsGivenUp(int bytes, int pause)
    {
        using var server = Slow(bytes, pause);
        var watch = Stopwatch.StartNew();
        (await Failing<FileNotFoundException>(server, Length)).Should().Contain("bytes in 0.5 s, and 512 are the least that is waited for");
        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(20));
        server.Requests.Should().Be(2, "one more attempt was asked for");
    }

    [Fact]
    public async Task GetAsync_AServerThatIsSlowYetAboveTheFloor_IsWaitedFor()
    {
        // 500 bytes every 50 ms for 2 s: four times as long as the patience.
        using var server = Slow(500, 50);
        var content = Content[..20_000];
        var file = new DatasetFile { Address = new Uri(server.Address, "some.gz"), Length = 20_000, Checksum = Checksums.Sha256(content) };
        await Get(file);
        server.Requests.Should().Be(1);
    }

    [Fact]
    public async Task GetAsync_AFloorOfZero_AsksForAByteNowAndThen()
    {
        _options = _options with { MinimumRate = 0 };
        using var server = Slow(1, 20);
        using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(1.5));
        await FluentActions.Awaiting(() => Get(server, Length, token: cancel.Token)).Should().ThrowAsync<OperationCanceledException>();
        server.Requests.Should().Be(1);
    }

    [Theory]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: file:\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: file://\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://a:99999999/\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: mailto:somebody\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: \0\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: /some.gz\r\nContent-Length: 0\r\n\r\n")] // to itself, for ever
    [InlineData("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 7-9/10\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("HTTP/1.1 206 Partial Content\r\nContent-Range: nonsense\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\n\r\n")]
    [InlineData("HTTP/1.1 999 What\r\n\r\n")]
    [InlineData("HTTP/9.9 200 OK\r\n\r\n")]
    [InlineData("nonsense")]
    [InlineData("")]
    public async Task GetAsync_ANonsensicalAnswer_ThrowsWhatIsDocumented(string answer)
    {
        using var server = new HostileServer(answer, []);
        await Documented(server);
    }

    [Fact]
    public async Task GetAsync_HundredsOfMutatedAnswers_ThrowWhatIsDocumented()
    {
        var count = SoakSize.Of("PX_SOAK_ANSWERS", 300);
        var random = new Random(16);
        string[] starts =
        [
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/some.gz\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: \"one\"\r\nLast-Modified: Thu, 02 Jan 2020 03:04:05 GMT\r\nContent-Range: bytes 0-2/3\r\n\r\nabc",
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-199999/200000\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ];
        var answer = string.Empty;
        using var server = new HostileServer(async (stream, token) => await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), token));
        for (var i = 0; i < count; i++)
        {
            var letters = starts[i % starts.Length].ToCharArray();
            for (var changes = random.Next(1, 6); changes > 0; changes--)
                letters[random.Next(letters.Length)] = (char)random.Next(256);
            answer = new string(letters);
            await Documented(server);
        }

        _log.WriteLine($"soak: answers of servers: {count} mutated, 0 other exceptions");
    }

    [Theory]
    [InlineData("some/some.gz/")] // a folder where the file should be
    [InlineData("some/some.gz.partial/")]
    [InlineData("some/some.gz.version/")]
    [InlineData("some/.lock/")]
    [InlineData("some")] // a file where the folder should be
    public async Task GetAsync_ACacheInTheWay_ThrowsIOException(string inTheWay)
    {
        if (inTheWay.EndsWith('/'))
            Directory.CreateDirectory(_cache.Path(inTheWay));
        else
            _cache.Write(inTheWay, 1);
        using var server = new HostileServer($"HTTP/1.1 200 OK\r\nETag: \"one\"\r\nContent-Length: {Length}\r\n\r\n", Content);
        await FluentActions.Awaiting(() => Get(server, Length)).Should().ThrowAsync<IOException>();
    }

    /// <summary>A lock that cannot be opened is nobody's: there is nothing to wait for.</summary>
    [Theory]
    [InlineData("socket")]
    [InlineData("program")] // one that runs cannot be written to
    public async Task GetAsync_ALockThatCannotBeOpened_ThrowsIOException(string kind)
    {
        if (!OperatingSystem.IsLinux())
            return;
        _cache.Write("some/other", 1);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        if (kind == "socket")
            socket.Bind(new UnixDomainSocketEndPoint(_cache.Path("some/.lock")));
        else
            File.CreateSymbolicLink(_cache.Path("some/.lock"), Environment.ProcessPath!);
        using var server = new HostileServer($"HTTP/1.1 200 OK\r\nContent-Length: {Length}\r\n\r\n", Content);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await FluentActions.Awaiting(() => Get(server, Length, token: patience.Token)).Should().ThrowAsync<IOException>();
        FolderLock.TryTake(_cache.Path("some")).Should().BeNull();
    }

    public static TheoryData<Exception> OfTheCallers =>
    [
        new UriFormatException(), new UnauthorizedAccessException(), new IOException(), new HttpIOException(HttpRequestError.ResponseEnded),
        new HttpRequestException(), new TimeoutException(), new OperationCanceledException(), new InvalidDataException(),
    ];

    /// <summary>The same object, whatever it is: also one by which the download knows a broken connection or a cache that denies itself.</summary>
    [Theory]
    [MemberData(nameof(OfTheCallers))]
    public async Task GetAsync_ProgressThatThrows_ThrowsTheSame(Exception thrown)
    {
        using var server = new HostileServer($"HTTP/1.1 200 OK\r\nContent-Length: {Length}\r\n\r\n", Content);
        var seen = await FluentActions.Awaiting(() => Get(server, Length, new Throws(thrown))).Should().ThrowAsync<Exception>();
        seen.Which.Should().BeSameAs(thrown);
    }

    public void Dispose() => _cache.Dispose();

    private static HostileServer Slow(int bytes, int pause) => new(async (stream, token) =>
    {
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"u8.ToArray(), token);
        for (var i = 0; i < 20_000; i += bytes)
        {
            await stream.WriteAsync(Content.AsMemory(i, bytes), token);
            await Task.Delay(pause, token);
        }
    });

    private async Task Documented(HostileServer server)
    {
        try
        {
            await Get(server, Length);
            Assert.Fail("That was not the file.");
        }
        catch (Exception e) when (e is FileNotFoundException or InvalidDataException)
        {
        }

        Directory.GetFiles(_cache.Path("some"), "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length).Should().BeLessThan(Length + 1000);
        Directory.Delete(_cache.Path("some"), recursive: true);
    }

    private void NothingIsLeft() => Directory.GetFiles(_cache.Path("some")).Select(Path.GetFileName).Should().BeEquivalentTo(".lock");

    private async Task<string> Failing<T>(HostileServer server, int? length, IProgress<DownloadProgress>? progress = null)
        where T : Exception =>
        (await FluentActions.Awaiting(() => Get(server, length, progress)).Should().ThrowAsync<T>()).Which.Message;

    private Task Get(HostileServer server, int? length, IProgress<DownloadProgress>? progress = null, CancellationToken token = default) =>
        Get(new DatasetFile { Address = new Uri(server.Address, "some.gz"), Length = length, Checksum = Checksums.Sha256(Content) }, progress, token);

    private async Task Get(DatasetFile file, IProgress<DownloadProgress>? progress = null, CancellationToken token = default)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        await new DatasetDownload(client, _options).GetAsync(new() { Name = "Some images", Folder = "some", Files = [file] }, progress, token);
    }

    private sealed class Most : IProgress<DownloadProgress>
    {
        public long Received { get; private set; }

        public void Report(DownloadProgress value) => Received = Math.Max(Received, value.Received);
    }

    private sealed class Throws(Exception thrown) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => throw thrown;
    }
}

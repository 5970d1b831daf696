using System.Net;
using System.Security.Cryptography;
using Px.Samples.Display;
using Px.Samples.Images;
using Px.Samples.Tests.Support;

namespace Px.Samples.Tests.Images;

public sealed class FashionMnistDownloadTests : IDisposable
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 7))];

    private readonly TemporaryFolder folder = new();
    private readonly Terminal terminal = new(TextWriter.Null, isInteractive: false, 80, TimeProvider.System);

    [Fact]
    public void Fetch_FileWithTheRightChecksum_IsSavedFromTheOfficialAddress()
    {
        using var server = FakeServer.With(Content);

        Fetch(server, Wanted(Content));

        File.ReadAllBytes(folder.In("some-images.gz")).Should().Equal(Content);
        Directory.GetFiles(folder.Path).Should().ContainSingle("no part of a download is left behind");
        server.Requests.Should().Equal(new Uri(FashionMnistFile.Address, "some-images.gz"));
        FashionMnistFile.Address.Scheme.Should().Be("https");
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
    public void Fetch_AnotherContent_IsRefusedAndLeavesNothing(string what, byte[] served)
    {
        using var server = FakeServer.With(served);

        FluentActions.Invoking(() => Fetch(server, Wanted(Content))).Should().Throw<InvalidDataException>(what).WithMessage("*some-images.gz is not the file*");

        Directory.GetFiles(folder.Path).Should().BeEmpty();
    }

    [Fact]
    public void Fetch_ServerHasNoSuchFile_Throws()
    {
        using var server = new FakeServer(_ => new HttpResponseMessage(HttpStatusCode.NotFound));

        FluentActions.Invoking(() => Fetch(server, Wanted(Content))).Should().Throw<HttpRequestException>().WithMessage("*404*");

        Directory.GetFiles(folder.Path).Should().BeEmpty();
    }

    [Fact]
    public void Fetch_Cancelled_StopsAndLeavesNothing()
    {
        using var server = FakeServer.With(Content);

        FluentActions.Invoking(() => Fetch(server, Wanted(Content), new CancellationToken(canceled: true))).Should().Throw<OperationCanceledException>();

        Directory.GetFiles(folder.Path).Should().BeEmpty();
    }

    public void Dispose() => folder.Dispose();

    private static FashionMnistFile Wanted(byte[] content) => new("some-images", content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));

    private void Fetch(FakeServer server, FashionMnistFile file, CancellationToken token = default)
    {
        using var client = new HttpClient(server, disposeHandler: false);
        new FashionMnistDownload(client).Fetch([file], folder.Path, terminal, token);
    }
}

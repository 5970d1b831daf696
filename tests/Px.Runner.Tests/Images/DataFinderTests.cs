using Px.Pruning.Models.Data.Downloads;
using Px.Runner.Images;
using Px.Runner.Tests.Support;

namespace Px.Runner.Tests.Images;

public sealed class DataFinderTests : IDisposable
{
    private readonly TemporaryFolder package = new(), cache = new();

    [Fact]
    public void Find_GivenFolder_IsTakenBeforeAllOthers() => Find("here", package.Path).Should().Be("here");

    [Fact]
    public void Find_NothingGiven_TakesThePackage() => Find(null, package.Path).Should().Be(package.Path);

    [Fact]
    public void Find_UnpackedInTheCache_NeedsNoNetwork()
    {
        var folder = Path.Combine(cache.Path, DatasetArchive.Cifar10.Folder);
        Directory.CreateDirectory(Path.Combine(folder, DatasetArchive.Cifar10.UnpacksTo!));

        Find(null, null).Should().Be(folder);
    }

    [Fact]
    public void Find_NothingThereAndNoNetwork_SaysWhichFileToPutWhere() =>
        FluentActions.Invoking(() => Find(null, package.In("absent"))).Should().Throw<ProgramException>()
            .Which.Message.Should().Contain("cifar-10-binary.tar.gz").And.Contain(cache.Path).And.Contain("--data");

    public void Dispose()
    {
        package.Dispose();
        cache.Dispose();
    }

    private string Find(string? given, string? packageFolder)
    {
        using var client = new HttpClient(new Offline());
        var download = new DatasetDownload(client, new DatasetDownloadOptions { Cache = cache.Path, Retries = 0 });
        return new DataFinder(download, Terminals.Silent).Find(given, DatasetArchive.Cifar10, packageFolder, CancellationToken.None);
    }

    private sealed class Offline : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new HttpRequestException("No such host is known.");
    }
}

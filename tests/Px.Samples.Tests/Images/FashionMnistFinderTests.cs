using Px.Samples.Display;
using Px.Samples.Images;
using Px.Samples.Tests.Support;

namespace Px.Samples.Tests.Images;

public sealed class FashionMnistFinderTests : IDisposable
{
    private readonly TemporaryFolder given = new(), package = new(), cache = new();

    [Theory]
    [InlineData("")]
    [InlineData(".gz")]
    public void Find_GivenFolderIsComplete_IsTakenBeforeAllOthers(string ending)
    {
        Fill(given, ending);
        Fill(package);

        Find(given.Path).Should().Be(given.Path);
    }

    [Fact]
    public void Find_GivenFolderLacksFiles_NamesThemAndLooksNowhereElse()
    {
        Fill(given);
        Fill(package);
        File.Delete(given.In("t10k-labels-idx1-ubyte.gz"));

        FluentActions.Invoking(() => Find(given.Path)).Should().Throw<SampleException>().WithMessage($"'{given.Path}' lacks t10k-labels-idx1-ubyte. Put *");
    }

    [Fact]
    public void Find_NothingGiven_PrefersThePackage()
    {
        Fill(package);
        Fill(cache);

        Find(null).Should().Be(package.Path);
    }

    [Fact]
    public void Find_NoPackage_TakesTheCacheWithoutANetwork()
    {
        Fill(cache);

        Find(null).Should().Be(cache.Path);
    }

    [Fact]
    public void Find_NothingThereAndNoNetwork_SaysWhichFilesToPutWhere() =>
        FluentActions.Invoking(() => Find(null)).Should().Throw<SampleException>().Which.Message.Should()
            .Contain("No such host is known.")
            .And.ContainAll(FashionMnistFile.All.Select(file => file.ZippedName))
            .And.Contain($"'{cache.Path}'").And.Contain("--data");

    [Fact]
    public void Find_CacheIsIncomplete_AsksOnlyForWhatItLacks()
    {
        Fill(cache);
        File.Delete(cache.In("t10k-images-idx3-ubyte.gz"));
        using var server = FakeServer.Offline();

        FluentActions.Invoking(() => Find(null, server)).Should().Throw<SampleException>();

        server.Requests.Should().Equal(new Uri(FashionMnistFile.Address, "t10k-images-idx3-ubyte.gz"));
    }

    public void Dispose()
    {
        given.Dispose();
        package.Dispose();
        cache.Dispose();
    }

    private static void Fill(TemporaryFolder folder, string ending = ".gz")
    {
        foreach (var file in FashionMnistFile.All)
            File.WriteAllText(folder.In(file.Name + ending), "");
    }

    private string Find(string? folder, FakeServer? server = null)
    {
        using var client = new HttpClient(server ?? FakeServer.Offline());
        var finder = new FashionMnistFinder { PackageFolder = package.Path, CacheFolder = cache.Path, Download = new FashionMnistDownload(client) };
        return finder.Find(folder, new Terminal(TextWriter.Null, isInteractive: false, 80, TimeProvider.System), CancellationToken.None);
    }
}

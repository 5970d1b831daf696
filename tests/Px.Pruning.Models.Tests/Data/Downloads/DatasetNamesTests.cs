using Px.Pruning.Models.Data.Downloads;

namespace Px.Pruning.Models.Tests.Data.Downloads;

/// <summary>No name leads out of the cache.</summary>
public sealed class DatasetNamesTests
{
    [Theory]
    [InlineData("http://example.org/..%2Fevil")]
    [InlineData("http://example.org/data/..%2f..%2fevil")]
    [InlineData("http://example.org/%2Fetc%2Fpasswd")]
    [InlineData("http://example.org/..%5Cevil")]
    [InlineData("http://example.org/C%3A%5Cevil")]
    [InlineData("http://example.org/C%3Aevil")]
    [InlineData("http://example.org/some.gz%00.txt")]
    [InlineData("http://example.org/some%0A.gz")]
    [InlineData("http://example.org/..%20")] // Windows cuts off the space
    [InlineData("http://example.org/...")]
    [InlineData("http://example.org/some.")]
    [InlineData("http://example.org/%2E%2E%2Fevil")]
    [InlineData("http://example.org/data/")]
    [InlineData("http://example.org")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://example.org/some.gz")]
    public void Address_WithoutAPlainFileName_IsRefused(string address) =>
        FluentActions.Invoking(() => new DatasetFile { Address = new Uri(address), Checksum = string.Empty }).Should().Throw<ArgumentException>().WithParameterName("Address");

    [Fact]
    public void Address_ThatIsRelative_IsRefused() =>
        FluentActions.Invoking(() => new DatasetFile { Address = new Uri("some.gz", UriKind.Relative), Checksum = string.Empty }).Should().Throw<ArgumentException>();

    [Theory]
    [InlineData("http://example.org/a/b/some.tar.gz?download=1", "some.tar.gz")]
    [InlineData("http://example.org/some%20images.zip", "some images.zip")]
    [InlineData("https://example.org/%C3%A9.gz#part", "\u00e9.gz")]
    [InlineData("https://example.org/..data", "..data")]
    [InlineData("https://example.org/some%252Fimages.gz", "some%2Fimages.gz")]
    public void Address_WithAPlainFileName_IsTaken(string address, string name) =>
        new DatasetFile { Address = new Uri(address), Checksum = string.Empty }.Name.Should().Be(name);

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(".. ")]
    [InlineData("../other")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("/etc")]
    [InlineData("C:")]
    [InlineData("C:\\data")]
    [InlineData("\\\\server\\share")]
    [InlineData("nul\0letter")]
    [InlineData(null)]
    public void Folder_ThatIsNotOnePart_IsRefused(string? folder)
    {
        FluentActions.Invoking(() => DatasetArchive.Cifar10 with { Folder = folder! }).Should().Throw<ArgumentException>().WithParameterName("Folder");
        if (folder is not null)
            FluentActions.Invoking(() => DatasetArchive.Cifar10 with { UnpacksTo = folder }).Should().Throw<ArgumentException>().WithParameterName("UnpacksTo");
    }

    [Fact]
    public void Folder_OfOnePart_IsTaken()
    {
        (DatasetArchive.Cifar10 with { Folder = "my images (2), v1.0" }).Folder.Should().Be("my images (2), v1.0");
        (DatasetArchive.Cifar10 with { UnpacksTo = null }).UnpacksTo.Should().BeNull();
    }

    [Fact]
    public void Length_BelowZero_IsRefused() =>
        FluentActions.Invoking(() => DatasetArchive.Cifar10.Files[0] with { Length = -1 }).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void Archives_AllOfThem_KnowTheirLengthsAndUseHttps()
    {
        var files = typeof(DatasetArchive).GetProperties().Where(property => property.PropertyType == typeof(DatasetArchive))
            .SelectMany(property => ((DatasetArchive)property.GetValue(null)!).Files).ToList();
        files.Should().HaveCount(12).And.OnlyContain(file => file.Length > 1000 && file.Address.Scheme == "https");
    }
}

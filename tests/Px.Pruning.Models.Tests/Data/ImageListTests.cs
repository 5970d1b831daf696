using System.Text;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.Data;

/// <summary>ImageNet's validation images as they are published: one folder, and lists of several kinds.</summary>
public sealed class ImageListTests : IDisposable
{
    private static readonly ImageFileOptions Options = new() { Decoder = Decoders.Stb, Normalization = ImageNormalization.None };

    private readonly TemporaryFolder _folder = new();

    public ImageListTests()
    {
        for (var i = 1; i <= 3; i++)
            _folder.Write($"val/ILSVRC2012_val_0000000{i}.JPEG", PngBytes.Grey(1, (byte)i));
        _folder.Write("val/._ILSVRC2012_val_00000001.JPEG", 1);
        _folder.Write("val/.ipynb_checkpoints/ILSVRC2012_val_00000009.JPEG", 1);
        _folder.Write("val/notes.txt", 1);
    }

    [Theory]
    [InlineData("ILSVRC2012_val_00000002.JPEG n02\nILSVRC2012_val_00000001.JPEG n01\n\nILSVRC2012_val_00000003.JPEG n02\n")]
    [InlineData("ILSVRC2012_val_00000002.JPEG\tn02\t0\t0\t62\t62\r\nILSVRC2012_val_00000001.JPEG\tn01\r\nILSVRC2012_val_00000003.JPEG\tn02")]
    [InlineData("ImageId,PredictionString\nILSVRC2012_val_00000002,n02 85 1 499 272\nILSVRC2012_val_00000001,n01 1 2 3 4 n01 5 6 7 8\nILSVRC2012_val_00000003,n02 1 1 1 1\n")]
    public void Load_AListOfFilesAndNames_HasItsOrderAndSortedClasses(string list)
    {
        var dataset = ImageList.Load(_folder.Path("val"), List(list), Options);
        dataset.ClassNames.Should().Equal("n01", "n02");
        Labels(dataset).Should().Equal(1, 0, 1);
        Pixels(dataset).Should().Equal(2, 1, 3);
    }

    [Fact]
    public void Load_AListOfClassesAlone_IsOfTheFilesInTheirOrder()
    {
        var dataset = ImageList.Load(_folder.Path("val"), List("n02\nn01\nn03\n"), Options);
        Labels(dataset).Should().Equal(1, 0, 2);
        Pixels(dataset).Should().Equal(1, 2, 3);
    }

    [Fact]
    public void Load_WithTheClassesOfTheTrainingImages_HasTheirLabels()
    {
        foreach (var name in (string[])["n00", "n01", "n02"])
            _folder.Write($"train/{name}/1.png", PngBytes.Grey(1, 1));
        var train = ImageFolder.Load(_folder.Path("train"), Options);
        var dataset = ImageList.Load(_folder.Path("val"), List("n02\nn01\nn02\n"), Options, new() { ClassNames = train.ClassNames });
        Labels(dataset).Should().Equal(2, 1, 2);
        dataset.Classes.Should().Be(3);
    }

    [Theory]
    [InlineData("0\n2\n1\n", 0)]
    [InlineData("1\n3\n2\n", 1)]
    [InlineData("ILSVRC2012_val_00000001.JPEG 1\nILSVRC2012_val_00000002.JPEG 3\nILSVRC2012_val_00000003.JPEG 2\n", 1)]
    public void Load_Numbers_CountFromTheFirst(string list, int first)
    {
        var dataset = ImageList.Load(_folder.Path("val"), List(list), Options, new() { FirstNumber = first });
        Labels(dataset).Should().Equal(0, 2, 1);
        dataset.ClassNames.Should().Equal("0", "1", "2");
    }

    [Fact]
    public void Load_NumbersInAnOrderOfTheirOwn_AreNamesFirst()
    {
        // The development kit's order is not that of the names.
        var options = new ImageListOptions { FirstNumber = 1, NumberedClasses = ["n03", "n01", "n02"], ClassNames = ["n00", "n01", "n02", "n03"] };
        Labels(ImageList.Load(_folder.Path("val"), List("1\n3\n2\n"), Options, options)).Should().Equal(3, 2, 1);
        Labels(ImageList.Load(_folder.Path("val"), List("1\n3\n2\n"), Options, options with { ClassNames = null })).Should().Equal(0, 2, 1);
    }

    [Fact]
    public void Load_ClassesThatAreCalledByNumbers_AreNames() =>
        Labels(ImageList.Load(_folder.Path("val"), List("10\n2\n1\n"), Options, new() { ClassNames = ["1", "10", "2"] })).Should().Equal(1, 2, 0);

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("n01\nn02\n", "has 2 classes, and '*val' 3 images")]
    [InlineData("n01\nILSVRC2012_val_00000002.JPEG n02\nn01\n", "line 1 is a class alone, and line 2 names a file")]
    [InlineData("../val/ILSVRC2012_val_00000002.JPEG n02\n", "line 1: '../val/ILSVRC2012_val_00000002.JPEG' is no file name")]
    [InlineData("/etc/passwd n02\n", "is no file name")]
    public void Load_DamagedLists_AreRefused(string list, string message) =>
        FluentActions.Invoking(() => ImageList.Load(_folder.Path("val"), List(list), Options)).Should().Throw<InvalidDataException>().WithMessage($"*list.txt'*{message}*");

    [Fact]
    public void Load_ClassesThatThereAreNot_AreRefusedWithTheirLine()
    {
        FluentActions.Invoking(() => ImageList.Load(_folder.Path("val"), List("n01\nn04\nn01\n"), Options, new() { ClassNames = ["n01"] }))
            .Should().Throw<InvalidDataException>().WithMessage("*line 2: there is no class 'n04' among the 1*");
        FluentActions.Invoking(() => ImageList.Load(_folder.Path("val"), List("0\n1\n3\n"), Options, new() { ClassNames = ["a", "b", "c"] }))
            .Should().Throw<InvalidDataException>().WithMessage("*line 3: there is no class 3, only 0 to 2*FirstNumber = 1*");
        FluentActions.Invoking(() => ImageList.Load(_folder.Path("val"), List("0\n1\n3\n"), Options, new() { FirstNumber = 1 }))
            .Should().Throw<InvalidDataException>().WithMessage("*line 1: there is no class 0*");
    }

    [Fact]
    public void Load_MissingFiles_AreNamed()
    {
        FluentActions.Invoking(() => ImageList.Load(_folder.Path("gone"), List("0\n"), Options)).Should().Throw<DirectoryNotFoundException>().WithMessage("*gone*");
        FluentActions.Invoking(() => ImageList.Load(_folder.Path("val"), _folder.Path("gone.txt"), Options)).Should().Throw<FileNotFoundException>().WithMessage("*gone.txt*");
        FluentActions.Invoking(() => ImageList.Load(_folder.Path("val"), List("x.JPEG 0\n"), Options)).Should().Throw<FileNotFoundException>().WithMessage("*x.JPEG' is missing; line 1 of*");
    }

    public static TheoryData<ImageListOptions> BadOptions => new(
        new ImageListOptions { FirstNumber = -1 }, new ImageListOptions { FirstNumber = 2 }, new ImageListOptions { ClassNames = [] }, new ImageListOptions { NumberedClasses = ["a", "a"] });

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Load_OptionsOutsideTheirRange_AreRefused(ImageListOptions options) =>
        FluentActions.Invoking(() => ImageList.Load(_folder.Path("val"), List("0\n1\n2\n"), Options, options)).Should().Throw<ArgumentException>();

    public void Dispose() => _folder.Dispose();

    private string List(string content) => _folder.Write("list.txt", Encoding.ASCII.GetBytes(content));

    private static IEnumerable<long> Labels(ImageDataset dataset) => Enumerable.Range(0, (int)dataset.Count).Select(i => (long)dataset.Label(i));

    private static IEnumerable<int> Pixels(ImageDataset dataset) =>
        dataset.Batches(new ImageBatchOptions { BatchSize = 1 }).Select(batch => (int)Math.Round(batch.Data.Floats()[0] * 255));
}

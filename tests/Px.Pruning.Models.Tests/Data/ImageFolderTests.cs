using Px.Pruning.Models.Data;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Data;

public sealed class ImageFolderTests : IDisposable
{
    private static readonly ImageFileOptions Options = new() { Decoder = Decoders.Stb, Normalization = ImageNormalization.None };

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Load_Folders_AreClassesInOrdinalOrderAndFilesToo()
    {
        _folder.Write("b/2.png", Pixel(3, 4, 5));
        _folder.Write("b/10.PNG", Pixel(6, 7, 8));
        _folder.Write("B/deep/er.png", Pixel(1, 2, 3));
        _folder.Write("b/notes.txt", 1);
        _folder.Write("outside.png", Pixel(9, 9, 9));
        var dataset = ImageFolder.Load(_folder.Root, Options);
        dataset.ClassNames.Should().Equal("B", "b");
        (dataset.Count, dataset.Classes, dataset.Channels, dataset.Height, dataset.Width).Should().Be((3, 2, 3, 1, 1));
        Enumerable.Range(0, 3).Select(i => dataset.Label(i)).Should().Equal(0, 1, 1);
        Bytes(dataset).Should().Equal(1, 2, 3, 6, 7, 8, 3, 4, 5);
    }

    [Fact]
    public void Load_HiddenFilesAndFolders_AreIgnored()
    {
        _folder.Write(".ipynb_checkpoints/a.png", Pixel(9, 9, 9));
        _folder.Write(".empty/a.txt", 1);
        _folder.Write("a/._1.png", 1, 2, 3); // what macOS leaves on other file systems
        _folder.Write("a/.png", 1, 2, 3);
        _folder.Write("a/.cache/1.png", Pixel(9, 9, 9));
        _folder.Write("a/deep/.cache/1.png", Pixel(9, 9, 9));
        _folder.Write("a/deep/1.png", Pixel(1, 2, 3));
        _folder.Write("b/1.png", Pixel(4, 5, 6));
        var dataset = ImageFolder.Load(_folder.Root, Options);
        dataset.ClassNames.Should().Equal("a", "b");
        Bytes(dataset).Should().Equal(1, 2, 3, 4, 5, 6);
    }

    [Fact]
    public void Load_AFolderWithinAHiddenOne_IsReadAsAnyOther()
    {
        _folder.Write(".cache/set/a/1.png", Pixel(1, 2, 3));
        Bytes(ImageFolder.Load(_folder.Path(".cache/set"), Options)).Should().Equal(1, 2, 3);
    }

    [Fact]
    public void Load_OtherExtensions_TakesThoseAlone()
    {
        _folder.Write("a/1.png", Pixel(1, 1, 1));
        _folder.Write("a/2.image", Pixel(2, 2, 2));
        Bytes(ImageFolder.Load(_folder.Root, Options, [".image"])).Should().Equal(2, 2, 2);
    }

    [Fact]
    public void GetTensor_ColourAndGreyFiles_ArePlanesOfTheirPixels()
    {
        _folder.Write("a/1.png", PngBytes.Colour(2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
        _folder.Write("a/2.png", PngBytes.Grey(2, 1, 2, 3, 4));
        var dataset = ImageFolder.Load(_folder.Root, Options with { Decoder = Decoders.StbAsIs });
        Bytes(dataset).Should().Equal(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4);
        using var loader = utils.data.DataLoader(dataset, 2, shuffle: false, num_worker: 2);
        loader.SelectMany(batch => batch["data"].Floats()).Select(value => (int)Math.Round(value * 255)).Should().Equal(Bytes(dataset));
    }

    [Fact]
    public void Batches_OfFilesOfManySizes_AreTheirMiddles()
    {
        // 3 × 5 and 4 × 2 pixels, the middle 2 × 2 of each: columns 2 and 3, as 1.5 is rounded to even.
        _folder.Write("a/1.png", PngBytes.Grey(5, [.. Enumerable.Range(1, 15).Select(i => (byte)i)]));
        _folder.Write("a/2.png", PngBytes.Grey(2, [.. Enumerable.Range(21, 8).Select(i => (byte)i)]));
        var bytes = Bytes(ImageFolder.Load(_folder.Root, Options with { Height = 2, Width = 2 }));
        bytes[..4].Should().Equal(3, 4, 8, 9);
        bytes[12..16].Should().Equal(23, 24, 25, 26);
    }

    [Fact]
    public void Batches_FilesSmallerThanTheItem_ArePaddedWithBlack()
    {
        _folder.Write("a/1.png", PngBytes.Grey(1, 7));
        Bytes(ImageFolder.Load(_folder.Root, Options with { Height = 2, Width = 3 }))[..6].Should().Equal(0, 7, 0, 0, 0, 0);
    }

    [Fact]
    public void Batches_FilesOfAnotherSizeThanTheFirst_AreNamed()
    {
        _folder.Write("a/1.png", PngBytes.Grey(2, 1, 2));
        var second = _folder.Write("a/2.png", PngBytes.Grey(1, 1, 2));
        FluentActions.Invoking(() => Bytes(ImageFolder.Load(_folder.Root, Options))).Should().Throw<InvalidDataException>()
            .WithMessage($"'{second}' has 2 × 1 pixels, and the first image 1 × 2. Give ImageFileOptions a Height*");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Batches_AFileThatCannotBeDecoded_IsNamedAfterTheBatchesBeforeIt(int workers)
    {
        for (var i = 0; i < 6; i++)
            _folder.Write($"a/{i}.png", Pixel((byte)i, 0, 0));
        var bad = _folder.Write("a/3.png", 1, 2, 3);
        var dataset = ImageFolder.Load(_folder.Root, Options);
        LiveTensors.ShouldNotGrow(() =>
        {
            var seen = 0;
            FluentActions.Invoking(() =>
            {
                foreach (var _ in dataset.Batches(new ImageBatchOptions { BatchSize = 1, Workers = workers }))
                    seen++;
            }).Should().Throw<InvalidDataException>().WithMessage($"'{bad}' cannot be decoded: *");
            seen.Should().Be(3);
            FluentActions.Invoking(() => dataset.GetTensor(3)).Should().Throw<InvalidDataException>();
        });
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 3)]
    public void KeepFiles_OfAFileThatChanges_DecidesWhatIsSeen(bool keep, byte expected)
    {
        var path = _folder.Write("a/1.png", Pixel(1, 1, 1));
        var dataset = ImageFolder.Load(_folder.Root, Options with { KeepFiles = keep });
        Bytes(dataset).Should().Equal(1, 1, 1);
        File.WriteAllBytes(path, Pixel(3, 3, 3));
        Bytes(dataset).Should().Equal(expected, expected, expected);
    }

    [Fact]
    public void Load_FoldersThatHoldNoDataset_AreRefused()
    {
        FluentActions.Invoking(() => ImageFolder.Load(_folder.Path("gone"), Options)).Should().Throw<DirectoryNotFoundException>().WithMessage("*gone' does not exist*");
        FluentActions.Invoking(() => ImageFolder.Load(_folder.Root, Options)).Should().Throw<InvalidDataException>().WithMessage("*no sub-folders*");
        _folder.Write("a/1.txt", 1);
        FluentActions.Invoking(() => ImageFolder.Load(_folder.Root, Options)).Should().Throw<InvalidDataException>().WithMessage("*no file that ends in .jpg, .jpeg, .png, .bmp*");
        _folder.Write("a/1.png", 1);
        FluentActions.Invoking(() => ImageFolder.Load(_folder.Root, Options with { Decoder = _ => null! })).Should().Throw<InvalidDataException>().WithMessage("*1.png'*returned null*");
    }

    public static TheoryData<ImageFileOptions> BadOptions => new(
        Options with { Decoder = null! },
        Options with { Height = 4 },
        Options with { Width = 4 },
        Options with { Resize = 4 },
        Options with { Height = 0, Width = 4 },
        Options with { Resize = 16_385, Height = 4, Width = 4 },
        Options with { Normalization = ImageNormalization.Mnist });

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Load_OptionsOutsideTheirRange_AreRefused(ImageFileOptions options)
    {
        _folder.Write("a/1.png", Pixel(1, 1, 1));
        FluentActions.Invoking(() => ImageFolder.Load(_folder.Root, options)).Should().Throw<ArgumentException>();
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Pixel(byte red, byte green, byte blue) => PngBytes.Colour(1, red, green, blue);

    private static int[] Bytes(ImageDataset dataset) =>
        [.. dataset.Batches().SelectMany(batch => batch.Data.Floats()).Select(value => (int)Math.Round(value * 255))];
}

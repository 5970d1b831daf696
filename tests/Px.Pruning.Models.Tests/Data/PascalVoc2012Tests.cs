using System.Text;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Data;

public sealed class PascalVoc2012Tests : IDisposable
{
    private static readonly ImageFileOptions Options = new() { Decoder = Decoders.Stb, Normalization = ImageNormalization.None };

    // The palette as the development kit's documentation prints it, for the labels 0 to 8, 20 and 255.
    private static readonly (byte Label, byte Red, byte Green, byte Blue)[] Published =
    [
        (0, 0, 0, 0), (1, 128, 0, 0), (2, 0, 128, 0), (3, 128, 128, 0), (4, 0, 0, 128), (5, 128, 0, 128), (6, 0, 128, 128), (7, 128, 128, 128), (8, 64, 0, 0),
        (20, 0, 64, 128), (255, 224, 224, 192),
    ];

    private readonly TemporaryFolder _folder = new();

    public PascalVoc2012Tests()
    {
        Write("ImageSets/Segmentation/train.txt", "a\n");
        Write("ImageSets/Segmentation/val.txt", "b\n");
        Write("ImageSets/Segmentation/trainval.txt", "b\na\n");
        foreach (var name in (string[])["a", "b"])
        {
            Write($"JPEGImages/{name}.jpg", PngBytes.Colour(11, [.. Enumerable.Range(0, 33).Select(i => (byte)(i + name[0]))]));
            Write($"SegmentationClass/{name}.png", PaletteMask([.. Published.Select(entry => entry.Label)]));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("VOCdevkit")]
    [InlineData("VOCdevkit/VOC2012")]
    public void Load_AnOfficialLayout_HasImagesAndExactLabels(string inner)
    {
        using var scope = NewDisposeScope();
        var dataset = PascalVoc2012.Load(_folder.Path(inner), PascalVocSplit.Train, Options);
        (dataset.Count, dataset.Classes, dataset.IgnoreIndex, dataset.Height, dataset.Width).Should().Be((1, 21, 255, 1, 11));
        dataset.ClassNames[20].Should().Be("tvmonitor");
        var item = dataset.GetTensor(0);
        item["data"].shape.Should().Equal(3, 1, 11);
        item["data"].Floats()[..2].Should().Equal(97 / 255f, 100 / 255f);
        item["label"].dtype.Should().Be(ScalarType.Int64);
        item["label"].shape.Should().Equal(1, 11);
        item["label"].Longs().Should().Equal(Published.Select(entry => (long)entry.Label));
    }

    [Fact]
    public void Load_AllThreeLists_AreReadInTheirOrder()
    {
        PascalVoc2012.Load(_folder.Root, PascalVocSplit.Validation, Options).Count.Should().Be(1);
        using var first = PascalVoc2012.Load(_folder.Root, PascalVocSplit.TrainValidation, Options).GetTensor(0)["data"];
        first.Floats()[0].Should().Be('b' / 255f);
        FluentActions.Invoking(() => PascalVoc2012.Load(_folder.Root, (PascalVocSplit)4, Options)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Theory]
    [InlineData("trainaug.txt", "a\nc\n")]
    [InlineData("train_aug.txt", "a\nc\n")]
    [InlineData("trainaug.txt", "/JPEGImages/a.jpg /SegmentationClassAug/a.png\n/JPEGImages/c.jpg /SegmentationClassAug/c.png\n")]
    public void Load_TheAugmentedTrainingSet_HasItsGreyMasksBesideTheOfficialOnes(string list, string content)
    {
        byte[] indices = [0, 1, 2, 7, 9, 12, 15, 19, 20, 255, 0];
        Write($"ImageSets/Segmentation/{list}", content);
        Write("JPEGImages/c.jpg", PngBytes.Colour(11, new byte[33]));
        Write("SegmentationClassAug/c.png", PngBytes.Grey(11, indices));
        var dataset = PascalVoc2012.Load(_folder.Root, PascalVocSplit.AugmentedTrain, Options);
        dataset.Count.Should().Be(2);
        using (var official = dataset.GetTensor(0)["label"])
            official.Longs().Should().Equal(Published.Select(entry => (long)entry.Label), "it has no augmented mask");
        using (var augmented = dataset.GetTensor(1)["label"])
            augmented.Longs().Should().Equal(indices.Select(index => (long)index));
        Write("SegmentationClassAug/a.png", PngBytes.Grey(11, indices));
        using (var augmented = PascalVoc2012.Load(_folder.Root, PascalVocSplit.AugmentedTrain, Options).GetTensor(0)["label"])
            augmented.Longs().Should().Equal(indices.Select(index => (long)index));
        using (var official = PascalVoc2012.Load(_folder.Root, PascalVocSplit.Train, Options).GetTensor(0)["label"])
            official.Longs().Should().Equal(Published.Select(entry => (long)entry.Label));
    }

    [Fact]
    public void Load_TheAugmentedTrainingSetWhereItIsNot_IsToldWhatToPutWhere()
    {
        var load = FluentActions.Invoking(() => PascalVoc2012.Load(_folder.Root, PascalVocSplit.AugmentedTrain, Options));
        load.Should().Throw<FileNotFoundException>().WithMessage("*trainaug.txt' is missing*SegmentationClassAug*");
        Write("ImageSets/Segmentation/trainaug.txt", "c\n");
        load.Should().Throw<FileNotFoundException>().WithMessage("*c.jpg' is missing*VOCtrainval*");
        Write("JPEGImages/c.jpg", PngBytes.Colour(11, new byte[33]));
        load.Should().Throw<FileNotFoundException>().WithMessage("*c.png' is missing*SegmentationClassAug*");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Masks_OfGreyIndices_AreTheIndices(bool asIs)
    {
        byte[] indices = [0, 1, 2, 7, 9, 12, 15, 19, 20, 255, 0];
        Write("SegmentationClass/a.png", PngBytes.Grey(11, indices));
        var options = Options with { Decoder = asIs ? Decoders.StbAsIs : Decoders.Stb };
        using var label = PascalVoc2012.Load(_folder.Root, PascalVocSplit.Train, options).GetTensor(0)["label"];
        label.Longs().Should().Equal(indices.Select(index => (long)index));
    }

    [Fact]
    public void Colour_OfEveryLabel_IsDifferentAndThePublishedOne()
    {
        Enumerable.Range(0, 256).Select(label => VocPalette.Colour((byte)label)).Distinct().Should().HaveCount(256);
        foreach (var (label, red, green, blue) in Published)
            VocPalette.Colour(label).Should().Be((red, green, blue));
    }

    [Fact]
    public void Masks_WithAnotherColour_AreRefusedWithFilePlaceAndColour()
    {
        Write("SegmentationClass/a.png", PngBytes.Colour(11, [.. new byte[18], 128, 0, 0, 129, 0, 0, .. new byte[9]]));
        var dataset = PascalVoc2012.Load(_folder.Root, PascalVocSplit.Train, Options);
        FluentActions.Invoking(() => dataset.GetTensor(0)).Should().Throw<InvalidDataException>().WithMessage("*a.png': the pixel in row 0, column 7 has the colour (129, 0, 0)*");
    }

    [Fact]
    public void Masks_OfGreyValuesThatAreNoLabels_AreRefused()
    {
        // 21 is past the last class; 128 would be a car's colour if it were a colour.
        foreach (var value in (byte[])[21, 128, 254])
        {
            Write("SegmentationClass/a.png", PngBytes.Grey(11, [.. new byte[10], value]));
            var dataset = PascalVoc2012.Load(_folder.Root, PascalVocSplit.Train, Options with { Decoder = Decoders.StbAsIs });
            FluentActions.Invoking(() => dataset.GetTensor(0)).Should().Throw<InvalidDataException>().WithMessage($"*column 10*({value}, {value}, {value})*");
        }
    }

    [Fact]
    public void Masks_OfAnotherSize_AreRefused()
    {
        Write("SegmentationClass/a.png", PngBytes.Grey(1, new byte[11]));
        var dataset = PascalVoc2012.Load(_folder.Root, PascalVocSplit.Train, Options);
        FluentActions.Invoking(() => dataset.GetTensor(0)).Should().Throw<InvalidDataException>().WithMessage("*a.png' has 11 × 1 pixels, and its image 1 × 11*");
    }

    [Theory]
    [InlineData("ImageSets/Segmentation/train.txt")]
    [InlineData("JPEGImages/a.jpg")]
    [InlineData("SegmentationClass/a.png")]
    public void Load_MissingFiles_AreNamedWithWhatToDo(string file)
    {
        File.Delete(_folder.Path($"VOCdevkit/VOC2012/{file}"));
        FluentActions.Invoking(() => PascalVoc2012.Load(_folder.Root, PascalVocSplit.Train, Options)).Should().Throw<FileNotFoundException>()
            .WithMessage($"*{Path.GetFileName(file)}' is missing*VOCtrainval_11-May-2012.tar*");
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A mask as the official ones are: indices into a palette of 256 colours.</summary>
    private static byte[] PaletteMask(byte[] indices)
    {
        var palette = new byte[768];
        foreach (var (label, red, green, blue) in Published)
            (palette[3 * label], palette[(3 * label) + 1], palette[(3 * label) + 2]) = (red, green, blue);
        return PngBytes.Palette(indices.Length, palette, indices);
    }

    private void Write(string file, string content) => Write(file, Encoding.ASCII.GetBytes(content));

    private void Write(string file, byte[] content) => _folder.Write($"VOCdevkit/VOC2012/{file}", content);
}

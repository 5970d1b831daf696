using Px.Pruning.Models.Data;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.Data;

public sealed class MnistTests
{
    private const string Images = "t10k-images-idx3-ubyte", Labels = "t10k-labels-idx1-ubyte";

    // Three images of 2 rows and 4 columns, pixels 0 to 23.
    private static readonly byte[] Pixels = [.. Enumerable.Range(0, 24).Select(i => (byte)i)];
    private static readonly byte[] GoodImages = IdxBytes.Of(Pixels, 3, 2, 4);
    private static readonly byte[] GoodLabels = IdxBytes.Of([5, 0, 9], 3);

    [Theory]
    [InlineData(false, false), InlineData(true, false), InlineData(false, true), InlineData(true, true)]
    public void Load_FilesGzippedOrNot_YieldsTheirImages(bool zipImages, bool zipLabels)
    {
        using var folder = new TemporaryFolder();
        folder.Write(Images + (zipImages ? ".gz" : ""), zipImages ? IdxBytes.Zip(GoodImages) : GoodImages);
        folder.Write(Labels + (zipLabels ? ".gz" : ""), zipLabels ? IdxBytes.Zip(GoodLabels) : GoodLabels);
        using var dataset = Mnist.Load(folder.Root, DatasetSplit.Test, ImageNormalization.None);
        (dataset.Count, dataset.Channels, dataset.Height, dataset.Width, dataset.Classes).Should().Be((3, 1, 2, 4, 10));
        new[] { 0, 1, 2 }.Select(i => dataset.Label(i)).Should().Equal(5, 0, 9);
        var item = dataset.GetTensor(1);
        item["data"].Floats().Should().Equal(Enumerable.Range(8, 8).Select(i => i / 255f));
        item["data"].Dispose();
        item["label"].Dispose();
    }

    [Fact]
    public void Load_AZippedFileWithoutTheExtension_IsToldByItsContent()
    {
        using var folder = new TemporaryFolder();
        var dataset = Mnist.FromFiles(folder.Write("a", IdxBytes.Zip(GoodImages)), folder.Write("b", IdxBytes.Zip(GoodLabels)));
        dataset.Count.Should().Be(3);
    }

    [Fact]
    public void Load_TheTrainingSplit_ReadsTheOtherFiles()
    {
        using var folder = new TemporaryFolder();
        folder.Write("train-images-idx3-ubyte", IdxBytes.Of([1], 1, 1, 1));
        folder.Write("train-labels-idx1-ubyte", IdxBytes.Of([2], 1));
        FashionMnist.Load(folder.Root, DatasetSplit.Train).Label(0).Should().Be(2);
        FluentActions.Invoking(() => FashionMnist.Load(folder.Root, DatasetSplit.Test)).Should().Throw<FileNotFoundException>()
            .WithMessage($"*'{folder.Root}'*t10k-images-idx3-ubyte*Fashion-MNIST*");
    }

    public static TheoryData<byte[], byte[], string> Malformed => new()
    {
        { [], GoodLabels, "*'*a'*truncated*" },
        { [0, 0, 8], GoodLabels, "*'*a'*truncated*" },
        { GoodImages[..10], GoodLabels, "*'*a'*truncated*" },
        { GoodImages[..^1], GoodLabels, "*'*a'*truncated*" },
        { [.. GoodImages, 0], GoodLabels, "*'*a'*more than the 24 bytes*" },
        { GoodLabels, GoodLabels, "*'*a'*starts with 00000801, and images start with 00000803*labels*swapped*" },
        { GoodImages, GoodImages, "*'*b'*starts with 00000803, and labels start with 00000801*images*swapped*" },
        { [.. "PK\u0003\u0004 not this"u8], GoodLabels, "*'*a'*504B0304*another kind*" },
        { [0, 0, 13, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0], GoodLabels, "*'*a'*00000D03*" }, // floats
        { IdxBytes.Of([], 0, 28, 28), GoodLabels, "*'*a'*dimension 0 is 0*" },
        { IdxBytes.Of([], int.MaxValue, int.MaxValue, int.MaxValue), GoodLabels, "*'*a'*dimension 0 is 2147483647*" },
        { IdxBytes.Of([], -1, 28, 28), GoodLabels, "*'*a'*dimension 0 is 4294967295*" },
        { IdxBytes.Of([1], 60_000, 28, 28), GoodLabels, "*'*a'*claims 47040000 bytes*" }, // and none is allocated
        { GoodImages, IdxBytes.Of([1, 2], 2), "*'*a' has 3 images and '*b' 2 labels*" },
        { GoodImages, IdxBytes.Of([1, 2, 10], 3), "*'*b': image 2 has the label 10*0 to 9*" },
        { IdxBytes.Zip(GoodImages)[..^12], GoodLabels, "*'*a'*" },
        { IdxBytes.Zip(GoodImages[..^3]), GoodLabels, "*'*a'*truncated*" },
        { [0x1F, 0x8B, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], GoodLabels, "*'*a'*" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void FromFiles_AMalformedFile_IsNamedWithWhatWasFound(byte[] images, byte[] labels, string message)
    {
        using var folder = new TemporaryFolder();
        var (a, b) = (folder.Write("a", images), folder.Write("b", labels));
        FluentActions.Invoking(() => Mnist.FromFiles(a, b)).Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void Load_AMissingFolder_SaysSo() =>
        FluentActions.Invoking(() => Mnist.Load("/no/such/folder", DatasetSplit.Train)).Should().Throw<FileNotFoundException>()
            .WithMessage("*'/no/such/folder' does not exist*four files of MNIST*");

    [Fact]
    public void FromFiles_AMissingFile_NamesIt()
    {
        using var folder = new TemporaryFolder();
        var a = folder.Write("a", GoodImages);
        FluentActions.Invoking(() => Mnist.FromFiles(a, folder.Path("gone"))).Should().Throw<FileNotFoundException>().WithMessage("*gone*");
    }

    [FashionMnistFact]
    public void Load_TheRealFashionMnist_HasItsCountsAndPublishedStatistics()
    {
        using var test = FashionMnist.Load(FashionMnistFactAttribute.Folder, DatasetSplit.Test);
        test.Count.Should().Be(10_000);
        using var train = FashionMnist.Load(FashionMnistFactAttribute.Folder, DatasetSplit.Train);
        (train.Count, train.Height, train.Width).Should().Be((60_000, 28, 28));
        var labels = new int[10];
        var (sum, squares) = (0.0, 0.0);
        foreach (var (data, label) in train.Batches(new ImageBatchOptions { BatchSize = 4096 }))
        {
            foreach (var value in data.Floats())
                (sum, squares) = (sum + value, squares + ((double)value * value));
            foreach (var value in label.Longs())
                labels[value]++;
        }

        labels.Should().AllBeEquivalentTo(6000);
        // With the published constants, which have four digits, the training images have mean 0 and variance 1.
        var count = 60_000.0 * 28 * 28;
        (sum / count).Should().BeApproximately(0, 3e-4);
        (squares / count).Should().BeApproximately(1, 1e-3);
    }
}

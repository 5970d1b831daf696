using Px.Pruning.Models.Data;
using Px.Pruning.Models.Data.Pipeline;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Data;

public sealed class ImageDatasetTests
{
    [Fact]
    public void GetTensor_OneImage_HasShapeTypeAndLabel()
    {
        using var dataset = Random(5, channels: 3, height: 4, width: 6);
        var item = dataset.GetTensor(4);
        using var data = item["data"];
        using var label = item["label"];
        data.shape.Should().Equal(3, 4, 6);
        data.dtype.Should().Be(ScalarType.Float32);
        label.dtype.Should().Be(ScalarType.Int64);
        label.dim().Should().Be(0);
        label.ToInt64().Should().Be(dataset.Label(4));
        item.Should().HaveCount(2);
    }

    [Fact]
    public void GetTensor_Normalised_EqualsTorchsArithmeticBitForBit()
    {
        using var scope = NewDisposeScope();
        byte[] pixels = [.. Enumerable.Range(0, 768).Select(i => (byte)i)];
        var dataset = new ImageDataset(Store(pixels, [0], 3, 16, 16), ImageNormalization.Cifar10);
        var mean = tensor(ImageNormalization.Cifar10.Mean.Select(v => (float)v).ToArray()).view(3, 1, 1);
        var std = tensor(ImageNormalization.Cifar10.Std.Select(v => (float)v).ToArray()).view(3, 1, 1);
        var expected = (tensor(pixels).view(3, 16, 16).to(ScalarType.Float32).div(255) - mean) / std;
        dataset.GetTensor(0)["data"].Floats().Should().Equal(expected.Floats());
    }

    [Theory]
    [InlineData(-1), InlineData(5)]
    public void GetTensor_NoSuchImage_IsRefused(long index)
    {
        using var dataset = Random(5);
        FluentActions.Invoking(() => dataset.GetTensor(index)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*0 to 4*");
    }

    public static TheoryData<ImageNormalization> BadNormalizations => new(
        ImageNormalization.Mnist,
        new ImageNormalization { Mean = [0, 0, 0], Std = [1, 1] },
        new ImageNormalization { Mean = [0, 0, 0], Std = [1, 0, 1] },
        new ImageNormalization { Mean = [0, double.NaN, 0], Std = [1, 1, 1] },
        new ImageNormalization { Mean = [0, 0, 0], Std = [1, double.PositiveInfinity, 1] });

    [Theory]
    [MemberData(nameof(BadNormalizations))]
    public void Constructor_ANormalisationThatDoesNotFit_IsRefused(ImageNormalization normalization) =>
        FluentActions.Invoking(() => new ImageDataset(Store(new byte[12], [0], 3, 2, 2), normalization)).Should().Throw<ArgumentException>();

    [Fact]
    public void DataLoader_OverTheDataset_YieldsWhatBatchesYields()
    {
        var dataset = Random(10);
        using var loader = utils.data.DataLoader(dataset, 4, shuffle: false);
        var batches = dataset.Batches(new ImageBatchOptions { BatchSize = 4 }).GetEnumerator();
        var count = 0;
        foreach (var batch in loader)
        {
            batches.MoveNext().Should().BeTrue();
            batch["data"].shape.Should().Equal(batches.Current.Data.shape);
            batch["data"].Floats().Should().Equal(batches.Current.Data.Floats());
            batch["label"].Longs().Should().Equal(batches.Current.Label.Longs());
            count++;
        }

        count.Should().Be(3);
        batches.MoveNext().Should().BeFalse();
    }

    [Fact]
    public void DataLoader_Disposed_LeavesTheDatasetUsable()
    {
        var dataset = Random(3);
        utils.data.DataLoader(dataset, 2).Dispose();
        using var data = dataset.GetTensor(0)["data"];
        data.numel().Should().BePositive();
    }

    [Theory]
    [InlineData(0, new int[] { })]
    [InlineData(1, new[] { 0 })]
    [InlineData(3, new[] { 0, 3, 5 })] // the first 0, the first 1, the first 2
    [InlineData(5, new[] { 0, 1, 3, 4, 5 })]
    [InlineData(6, new[] { 0, 1, 2, 3, 4, 5 })] // there is only one 2
    public void Take_ACount_TakesClassesInTurnAndKeepsTheOrder(int count, int[] expected)
    {
        byte[] labels = [0, 0, 0, 1, 1, 2];
        var dataset = new ImageDataset(Store([0, 1, 2, 3, 4, 5], labels, 1, 1, 1, classes: 3), ImageNormalization.None);
        var subset = dataset.Take(count);
        subset.Count.Should().Be(count);
        Pixels(subset).Should().Equal(expected.Select(i => (float)i / 255));
        Enumerable.Range(0, count).Select(i => subset.Label(i)).Should().Equal(expected.Select(i => (int)labels[i]));
    }

    [Fact]
    public void Take_OfATake_CountsItsOwnImages()
    {
        var subset = new ImageDataset(Store([0, 1, 2, 3, 4, 5], [0, 0, 0, 1, 1, 2], 1, 1, 1, classes: 3), ImageNormalization.None).Take(5).Take(2);
        Pixels(subset).Should().Equal(0, 3 / 255f);
        FluentActions.Invoking(() => subset.Take(3)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => subset.Take(-1)).Should().Throw<ArgumentOutOfRangeException>();
    }

    internal static ImageDataset Random(int count, int channels = 1, int height = 5, int width = 7)
    {
        var random = new Random(1);
        var (pixels, labels) = (new byte[count * channels * height * width], new byte[count]);
        random.NextBytes(pixels);
        for (var i = 0; i < count; i++)
            labels[i] = (byte)random.Next(10);
        return new ImageDataset(Store(pixels, labels, channels, height, width), ImageNormalization.None);
    }

    internal static ImageStore Store(byte[] pixels, byte[] labels, int channels, int height, int width, int classes = 10) =>
        new() { Pixels = pixels, Labels = labels, Channels = channels, Height = height, Width = width, Classes = classes };

    private static float[] Pixels(ImageDataset dataset) => [.. dataset.Batches().SelectMany(batch => batch.Data.Floats())];
}

using Px.Pruning.Models.Data;
using Px.Pruning.Models.Tests.Support;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Data;

public sealed class BalancedOrderTests
{
    // Image i is the pixel i: six of class 0, two of class 1, one of class 3, none of class 2.
    private static readonly byte[] Labels = [0, 0, 1, 0, 3, 0, 0, 1, 0];

    private static readonly ImageDataset Dataset = new(
        ImageDatasetTests.Store([.. Enumerable.Range(0, Labels.Length).Select(i => (byte)i)], Labels, 1, 1, 1, classes: 4), ImageNormalization.None);

    [Fact]
    public void Batches_BalancedWithoutASeed_ComeInTurnsInTheOrderOfTheDataset() =>
        Walk(new ImageBatchOptions { Balanced = true }).Should().Equal(0, 2, 4, 1, 7, 4, 3, 2, 4);

    [Fact]
    public void Batches_BalancedWithASeed_ShowEveryClassOnceATurnAndItsImagesEvenly()
    {
        var orders = new HashSet<string>();
        var shown = new HashSet<int>();
        for (var epoch = 0; epoch < 20; epoch++)
        {
            var order = Walk(new ImageBatchOptions { Balanced = true, ShuffleSeed = 3, Epoch = epoch, BatchSize = 2 });
            order.Should().HaveCount(9);
            foreach (var turn in order.Chunk(3))
                turn.Select(image => (int)Labels[image]).Should().BeEquivalentTo([0, 1, 3]);
            order.Where(image => Labels[image] == 0).Should().OnlyHaveUniqueItems();
            order.Where(image => Labels[image] == 1).Distinct().Should().HaveCount(2, "both come before one comes again");
            orders.Add(string.Join(' ', order));
            shown.UnionWith(order);
            Walk(new ImageBatchOptions { Balanced = true, ShuffleSeed = 3, Epoch = epoch }).Should().Equal(order);
        }

        orders.Should().HaveCountGreaterThan(15);
        shown.Should().HaveCount(9, "images that one epoch leaves out come in another");
    }

    [Fact]
    public void Batches_BalancedOverASetThatIsBalanced_ShowEveryImageOnce()
    {
        var dataset = ImageDatasetTests.Random(400).TakePerClass(20);
        dataset.Count.Should().Be(200);
        dataset.Batches(new ImageBatchOptions { Balanced = true, ShuffleSeed = 1, BatchSize = 10 }).Select(batch => batch.Label.Longs()).ToList()
            .Should().HaveCount(20).And.OnlyContain(labels => labels.Distinct().Count() == 10);
        dataset.Batches(new ImageBatchOptions { Balanced = true, ShuffleSeed = 1 }).SelectMany(batch => batch.Data.Floats()).Order()
            .Should().Equal(dataset.Batches().SelectMany(batch => batch.Data.Floats()).Order());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Batches_Counted_AreThoseThatCome(bool balanced, bool dropLast)
    {
        var batches = Dataset.Batches(new ImageBatchOptions { Balanced = balanced, DropLast = dropLast, BatchSize = 2 });

        batches.Should().BeAssignableTo<IReadOnlyCollection<(Tensor, Tensor)>>("readers then know that they end")
            .Which.Count.Should().Be(batches.Select(batch => batch.Label.size(0)).ToList().Count);
    }

    [Fact]
    public void TakePerClass_ACount_KeepsTheFirstOfEachInTheirOrder()
    {
        Walk(new ImageBatchOptions(), Dataset.TakePerClass(1)).Should().Equal(0, 2, 4);
        Walk(new ImageBatchOptions(), Dataset.TakePerClass(2)).Should().Equal(0, 1, 2, 4, 7);
        Walk(new ImageBatchOptions(), Dataset.TakePerClass(100)).Should().Equal(Enumerable.Range(0, 9));
        FluentActions.Invoking(() => Dataset.TakePerClass(0)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Resized_ImagesOfOneColour_KeepIt()
    {
        var dataset = Dataset.Resized(3);
        (dataset.Height, dataset.Width, dataset.Count).Should().Be((3, 3, 9));
        using var data = dataset.GetTensor(7)["data"];
        data.Floats().Should().HaveCount(9).And.OnlyContain(value => value == 7 / 255f);
        FluentActions.Invoking(() => Dataset.Resized(0)).Should().Throw<ArgumentOutOfRangeException>();
    }

    private static int[] Walk(ImageBatchOptions options, ImageDataset? dataset = null) =>
        [.. (dataset ?? Dataset).Batches(options).SelectMany(batch => batch.Data.Floats()).Select(value => (int)Math.Round(value * 255))];
}

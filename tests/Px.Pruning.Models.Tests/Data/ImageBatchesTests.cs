using Px.Pruning.Models.Data;
using Px.Pruning.Models.Data.Pipeline;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Data;

public sealed class ImageBatchesTests
{
    private static readonly PaddedCrop Nothing = new() { Padding = 0, HorizontalFlip = false };

    // 300 images of one pixel, which is the image's number, modulo 256, and of the class number mod 10.
    private static readonly ImageDataset Numbered = new(
        ImageDatasetTests.Store([.. Enumerable.Range(0, 300).Select(i => (byte)i)], [.. Enumerable.Range(0, 300).Select(i => (byte)(i % 10))], 1, 1, 1), ImageNormalization.None);

    [Theory]
    [InlineData(100, false, new[] { 100, 100, 100 })]
    [InlineData(128, false, new[] { 128, 128, 44 })]
    [InlineData(128, true, new[] { 128, 128 })]
    [InlineData(300, true, new[] { 300 })]
    [InlineData(301, true, new int[] { })]
    [InlineData(301, false, new[] { 300 })]
    public void Batches_OfASize_CoverTheDataset(int batchSize, bool dropLast, int[] sizes)
    {
        var shapes = Numbered.Batches(new ImageBatchOptions { BatchSize = batchSize, DropLast = dropLast }).Select(batch => (batch.Data.shape, batch.Label.shape)).ToList();
        shapes.Select(shape => (int)shape.Item1[0]).Should().Equal(sizes);
        shapes.All(shape => shape.Item1.Length == 4 && shape.Item2.Length == 1 && shape.Item1[0] == shape.Item2[0]).Should().BeTrue();
    }

    [Fact]
    public void Batches_WithoutASeed_KeepTheOrder() =>
        Walk(new ImageBatchOptions { BatchSize = 64 }).Should().Equal(Enumerable.Range(0, 300).Select(i => (i % 256 / 255f, (long)(i % 10))));

    [Fact]
    public void Batches_WithASeed_ShowEveryImageOnceInAnOrderOfItsOwnForEachEpochAndSeed()
    {
        var options = new ImageBatchOptions { BatchSize = 64, ShuffleSeed = 1 };
        var first = Walk(options);
        var orders = new[] { first, Walk(options with { Epoch = 1 }), Walk(options with { ShuffleSeed = 2 }), Walk(options with { ShuffleSeed = -1, Epoch = 3 }), Walk(new ImageBatchOptions()) };
        foreach (var order in orders)
            order.Should().BeEquivalentTo(Walk(new ImageBatchOptions()), "labels stay with their images");
        orders.Select(order => string.Join(' ', order)).Distinct().Should().HaveCount(orders.Length);
        Walk(options).Should().Equal(first);
        Walk(options with { BatchSize = 7 }).Should().Equal(first, "the order does not depend on the batch size");
    }

    [Fact]
    public void Batches_Shuffled_AreAFixedOrderForEver()
    {
        // Computed once by an independent SplitMix64 and Fisher-Yates: Reference/shuffle.py.
        var order = Walk(new ImageBatchOptions { ShuffleSeed = 42, Epoch = 3 }).Take(12).Select(item => (int)Math.Round(item.Pixel * 255));
        order.Should().Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Reference", "shuffle.txt")).Split(' ').Select(int.Parse));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(5, 0)]
    [InlineData(12, 2)]
    public void Batches_Augmented_AreFixedPiecesForEver(int batchSize, int workers)
    {
        // 11 × 11 pixels that say where they are: the middle one of a piece, and its neighbours, are always of the image.
        byte[] rows = [.. Enumerable.Range(0, 121).Select(i => (byte)(i / 11))], columns = [.. Enumerable.Range(0, 121).Select(i => (byte)(i % 11))];
        var dataset = new ImageDataset(ImageDatasetTests.Store([.. Enumerable.Repeat(rows.Concat(columns), 12).SelectMany(image => image)], new byte[12], 2, 11, 11), ImageNormalization.None);
        var options = new ImageBatchOptions { ShuffleSeed = 42, Epoch = 3, BatchSize = batchSize, Workers = workers, Augmentation = new PaddedCrop() };
        var pieces = dataset.Batches(options).SelectMany(batch => batch.Data.Floats().Chunk(2 * 121).ToList()).Select(image =>
        {
            int At(int place) => (int)Math.Round(image[place] * 255);
            const int middle = (5 * 11) + 5;
            return $"{At(middle) - 5} {At(121 + middle) - 5} {(At(121 + middle - 1) > At(121 + middle + 1) ? 1 : 0)}";
        });
        // Computed once by an independent SplitMix64: Reference/shuffle.py.
        pieces.Should().Equal(File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Reference", "crops.txt")));
    }

    [Fact]
    public void Batches_EnumeratedTwice_GiveTheSame()
    {
        var batches = Numbered.Batches(new ImageBatchOptions { ShuffleSeed = 4, Augmentation = new PaddedCrop { Padding = 1 } });
        Walk(batches).Should().Equal(Walk(batches));
    }

    [Fact]
    public void Batches_WithAnAugmentationThatDoesNothing_AreUnchanged()
    {
        var dataset = ImageDatasetTests.Random(20, 3);
        All(dataset, Nothing).Should().Equal(All(dataset, null));
    }

    [Fact]
    public void Batches_Flipped_AreTheImageOrItsMirrorImageEachAboutHalfTheTime()
    {
        var dataset = ImageDatasetTests.Random(400, 2);
        var flipped = All(dataset, Nothing with { HorizontalFlip = true });
        var plain = All(dataset, null);
        var count = Frames(flipped, 2 * 5 * 7).Zip(Frames(plain, 2 * 5 * 7)).Count(pair =>
        {
            var mirrored = pair.Second.Chunk(7).SelectMany(row => row.Reverse()).ToArray();
            var isMirrored = pair.First.SequenceEqual(mirrored);
            (isMirrored || pair.First.SequenceEqual(pair.Second)).Should().BeTrue();
            return isMirrored;
        });
        count.Should().BeInRange(160, 240); // 200 ± 4 standard deviations of 10
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(9, true)] // wider than the image: some pieces are all black
    public void Batches_Cropped_AreEveryPieceOfThePaddedImage(int padding, bool flip)
    {
        // The second route: libtorch pads, slices and flips.
        using var scope = NewDisposeScope();
        var (copies, side) = (padding == 2 ? 3000 : 200, (2 * padding) + 1);
        var pixels = Enumerable.Range(1, 2 * 5 * 7).Select(i => (byte)(3 * i)).ToArray();
        var dataset = new ImageDataset(ImageDatasetTests.Store([.. Enumerable.Repeat(pixels, copies).SelectMany(image => image)], new byte[copies], 2, 5, 7), ImageNormalization.None);
        var padded = nn.functional.pad(tensor(pixels).view(1, 2, 5, 7).to(ScalarType.Float32).div(255), new long[] { padding, padding, padding, padding }, PaddingModes.Constant, 0);
        var pieces = new HashSet<string>();
        for (var (y, x) = (0, 0); y < side; (y, x) = x + 1 < side ? (y, x + 1) : (y + 1, 0))
        {
            var piece = padded.narrow(2, y, 5).narrow(3, x, 7);
            pieces.Add(Key(piece.Floats()));
            if (flip)
                pieces.Add(Key(piece.flip(3).Floats()));
        }

        var found = Frames(All(dataset, new PaddedCrop { Padding = padding, HorizontalFlip = flip }), 2 * 5 * 7).Select(Key).ToList();
        found.Should().OnlyContain(key => pieces.Contains(key));
        if (padding == 2)
            found.Distinct().Should().HaveCount(pieces.Count, "3,000 draws meet each of {0} pieces", side * side * (flip ? 2 : 1));
    }

    [Fact]
    public void Batches_Augmented_DifferBetweenEpochsAndNotBetweenRuns()
    {
        var dataset = ImageDatasetTests.Random(50);
        var augmentation = new PaddedCrop();
        All(dataset, augmentation, epoch: 1).Should().Equal(All(dataset, augmentation, epoch: 1));
        All(dataset, augmentation, epoch: 1).Should().NotEqual(All(dataset, augmentation, epoch: 2));
    }

    [Fact]
    public void Batches_OnePastAnother_DisposesTheFirst()
    {
        Tensor? last = null;
        foreach (var (data, label) in Numbered.Batches(new ImageBatchOptions { BatchSize = 100 }))
        {
            (last?.IsInvalid ?? true).Should().BeTrue();
            label.IsInvalid.Should().BeFalse();
            last = data;
        }

        last!.IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void Batches_LeftEarlyOrInsideScopes_LeaveNoTensors() => LiveTensors.ShouldNotGrow(() =>
    {
        using var scope = NewDisposeScope();
        foreach (var (data, _) in Numbered.Batches(new ImageBatchOptions { BatchSize = 10 }))
        {
            using var inner = NewDisposeScope();
            if (data.sum().ToSingle() > 1)
                break;
        }

        foreach (var (data, _) in Numbered.Batches(new ImageBatchOptions { Device = new Device(DeviceType.CPU) }))
            data.IsInvalid.Should().BeFalse();
        scope.DisposablesCount.Should().Be(0);
    });

    [Fact]
    public void Batches_OptionsOutsideTheirRange_AreRefusedAtOnce()
    {
        FluentActions.Invoking(() => Numbered.Batches(new ImageBatchOptions { BatchSize = 0 })).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Numbered.Batches(new ImageBatchOptions { Augmentation = new PaddedCrop { Padding = -1 } })).Should().Throw<ArgumentOutOfRangeException>();
    }

    private static List<(float Pixel, long Label)> Walk(ImageBatchOptions options) => Walk(Numbered.Batches(options));

    private static List<(float Pixel, long Label)> Walk(IEnumerable<(Tensor Data, Tensor Label)> batches) =>
        [.. batches.SelectMany(batch => batch.Data.Floats().Zip(batch.Label.Longs()).ToList())];

    private static float[] All(ImageDataset dataset, PaddedCrop? augmentation, int epoch = 0) =>
        [.. dataset.Batches(new ImageBatchOptions { BatchSize = 64, Augmentation = augmentation, Epoch = epoch }).SelectMany(batch => batch.Data.Floats())];

    private static IEnumerable<float[]> Frames(float[] values, int length) => values.Chunk(length);

    private static string Key(float[] image) => string.Join(' ', image);
}

using Px.Pruning.Models.Data;
using Px.Pruning.Models.Data.Pipeline;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Data;

public sealed class SegmentationDatasetTests
{
    private const byte Ignored = 200;

    [Fact]
    public void Batches_WithoutOptions_AreWhatGetTensorGives()
    {
        using var scope = NewDisposeScope();
        var dataset = Random(5, 4, 6);
        var (data, label) = dataset.Batches().Select(batch => (batch.Data.clone(), batch.Label.clone())).Single();
        (data.shape, label.shape).Should().BeEquivalentTo((new long[] { 5, 3, 4, 6 }, new long[] { 5, 4, 6 }));
        label.dtype.Should().Be(ScalarType.Int64);
        using var loader = utils.data.DataLoader(dataset, 5, shuffle: false, num_worker: 3);
        var count = 0;
        foreach (var loaded in loader)
        {
            loaded["data"].Floats().Should().Equal(data.Floats());
            loaded["label"].shape.Should().Equal(label.shape);
            loaded["label"].Longs().Should().Equal(label.Longs());
            count++;
        }

        count.Should().Be(1);
    }

    [Theory]
    [InlineData(4, 6, 1, 1)] // copies
    [InlineData(9, 14, 1, 1)] // padded
    [InlineData(4, 6, 0.5, 2)]
    [InlineData(3, 9, 0.3, 0.6)]
    public void Batches_ScaledAndCropped_KeepLabelsOnTheirPixels(int height, int width, double minimum, double maximum)
    {
        // Each picture is the same everywhere and so is its mask: whatever is cut out, both are whole or both are padding.
        var dataset = Constant(40, 4, 6, height, width);
        var augmentation = new ScaledCrop { MinimumScale = minimum, MaximumScale = maximum };
        foreach (var (data, label) in dataset.Batches(new ImageBatchOptions { BatchSize = 40, Augmentation = augmentation }))
        {
            var (pixels, labels) = (data.Floats(), label.Longs());
            for (var image = 0; image < 40; image++)
            {
                for (var i = 0; i < height * width; i++)
                {
                    var found = labels[(image * height * width) + i];
                    found.Should().BeOneOf(image + 1, Ignored);
                    for (var c = 0; c < 3; c++)
                        pixels[(((image * 3) + c) * height * width) + i].Should().BeApproximately(found == Ignored ? 0 : ((image + 1) / 255f) - 1, 1e-6f);
                }
            }

            if (height == 9)
                labels.Count(value => value == Ignored).Should().Be(40 * ((9 * 14) - (4 * 6)), "what is smaller than the item lies inside it");
        }
    }

    [Fact]
    public void Batches_EnlargedTwice_ShowEveryPlaceOfTheEnlargedImage()
    {
        var dataset = Random(1, 3, 4);
        var (seen, mask) = (new HashSet<string>(), new long[12]);
        using (var label = dataset.GetTensor(0)["label"])
            mask = label.Longs();
        // Nearest neighbours of a doubled mask are each label, twice.
        var places = new HashSet<string>();
        for (var (top, left) = (0, 0); top <= 3; (top, left) = left < 4 ? (top, left + 1) : (top + 1, 0))
        {
            foreach (var flip in (bool[])[false, true])
                places.Add(Key(Enumerable.Range(0, 12).Select(i => (y: i / 4, x: flip ? 3 - (i % 4) : i % 4)).Select(at => mask[((top + at.y) / 2 * 4) + ((left + at.x) / 2)])));
        }

        for (var epoch = 0; epoch < 400; epoch++)
        {
            foreach (var (_, label) in dataset.Batches(new ImageBatchOptions { Epoch = epoch, Augmentation = new ScaledCrop { MinimumScale = 2 } }))
                seen.Add(Key(label.Longs()));
        }

        seen.Should().BeEquivalentTo(places);

        static string Key(IEnumerable<long> labels) => string.Join(' ', labels);
    }

    [Fact]
    public void Batches_Flipped_FlipImageAndLabelsTogether()
    {
        // The mask is the red plane.
        byte[] mask = [1, 2, 3, 4, 5, 6];
        var dataset = Of(new ImageStore { Pixels = [.. mask, .. mask, .. mask], Labels = mask, HasMasks = true, Channels = 3, Height = 2, Width = 3, Classes = 7 }, 2, 3, ImageNormalization.None);
        var flips = 0;
        for (var epoch = 0; epoch < 40; epoch++)
        {
            foreach (var (data, label) in dataset.Batches(new ImageBatchOptions { Epoch = epoch, Augmentation = new PaddedCrop { Padding = 0 } }))
            {
                data.Floats()[..6].Select(value => (long)Math.Round(value * 255)).Should().Equal(label.Longs());
                flips += label.Longs()[0] == 3 ? 1 : 0;
            }
        }

        flips.Should().BeInRange(8, 32); // 20 ± 4 standard deviations of 3
    }

    [Fact]
    public void Take_ACount_KeepsTheFirst()
    {
        var dataset = Constant(4, 1, 1, 1, 1).Take(3).Take(2);
        dataset.Count.Should().Be(2);
        dataset.Batches().SelectMany(batch => batch.Label.Longs()).Should().Equal(1, 2);
        FluentActions.Invoking(() => dataset.Take(3)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Batches_Balanced_AreRefused() =>
        FluentActions.Invoking(() => Random(1, 2, 2).Batches(new ImageBatchOptions { Balanced = true })).Should().Throw<ArgumentException>();

    [Fact]
    public void Batches_LeftEarly_LeaveNoTensors() => LiveTensors.ShouldNotGrow(() =>
    {
        var dataset = Random(8, 4, 6);
        foreach (var workers in (int[])[0, 2])
        {
            foreach (var (data, _) in dataset.Batches(new ImageBatchOptions { BatchSize = 1, Workers = workers, Augmentation = new ScaledCrop() }))
            {
                if (data.numel() > 0)
                    break;
            }
        }

        FluentActions.Invoking(() => dataset.GetTensor(8)).Should().Throw<ArgumentOutOfRangeException>();
    });

    internal static SegmentationDataset Random(int count, int height, int width)
    {
        var random = new Random(1);
        var (pixels, labels) = (new byte[count * 3 * height * width], new byte[count * height * width]);
        random.NextBytes(pixels);
        for (var i = 0; i < labels.Length; i++)
            labels[i] = (byte)random.Next(50);
        return Of(new ImageStore { Pixels = pixels, Labels = labels, HasMasks = true, Channels = 3, Height = height, Width = width, Classes = 50 }, height, width, ImageNormalization.None);
    }

    /// <summary>Picture i is all i + 1, and its labels are, too; pixels become v / 255 − 1.</summary>
    private static SegmentationDataset Constant(int count, int height, int width, int outputHeight, int outputWidth)
    {
        byte[] Filled(int size) => [.. Enumerable.Range(0, count * size).Select(i => (byte)((i / size) + 1))];
        var store = new ImageStore { Pixels = Filled(3 * height * width), Labels = Filled(height * width), HasMasks = true, Channels = 3, Height = height, Width = width, Classes = 100 };
        return Of(store, outputHeight, outputWidth, new ImageNormalization { Mean = [1, 1, 1], Std = [1, 1, 1] });
    }

    private static SegmentationDataset Of(ImageStore store, int height, int width, ImageNormalization normalization) => new(
        new SampleSet { Source = store, Format = new SampleFormat(height, width), Table = normalization.Table(3), IgnoreIndex = Ignored },
        [.. Enumerable.Range(0, store.Classes).Select(i => $"class {i}")]);
}

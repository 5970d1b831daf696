using Px.Pruning.Models.Data;
using Px.Pruning.Models.Data.Pipeline;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Data;

public sealed class BatchWorkersTests
{
    public static TheoryData<Augmentation?> Augmentations => new((Augmentation?)null, new PaddedCrop { Padding = 2 }, new ResizedCrop(), new ScaledCrop());

    [Theory]
    [MemberData(nameof(Augmentations))]
    public void Batches_WithAnyNumberOfWorkers_AreBitIdentical(Augmentation? augmentation)
    {
        var images = ImageDatasetTests.Random(101, 3);
        var masks = SegmentationDatasetTests.Random(51, 5, 7);
        var options = new ImageBatchOptions { BatchSize = 8, ShuffleSeed = 5, Epoch = 2, Augmentation = augmentation };
        var (expected, expectedMasks) = (All(images.Batches(options)), All(masks.Batches(options)));
        foreach (var workers in (int[])[1, 2, 3, 40])
        {
            All(images.Batches(options with { Workers = workers })).Should().Equal(expected);
            All(masks.Batches(options with { Workers = workers })).Should().Equal(expectedMasks);
        }

        All(images.Batches(options with { Workers = 2, BatchSize = 13 })).Should().Equal(expected, "nor does the batch size change an image");
    }

    [Fact]
    public void Batches_OfAnEpochWithoutBatches_StartNoWorkers()
    {
        ImageDatasetTests.Random(3).Batches(new ImageBatchOptions { BatchSize = 4, DropLast = true, Workers = 2 }).Should().BeEmpty();
        ImageDatasetTests.Random(3).Take(0).Batches(new ImageBatchOptions { Workers = 2 }).Should().BeEmpty();
    }

    [Fact]
    public void Batches_LeftEarly_StopTheWorkersAndLeaveNoTensors()
    {
        using var source = new Counting(10_000);
        var dataset = source.Dataset();
        LiveTensors.ShouldNotGrow(() =>
        {
            foreach (var (data, label) in dataset.Batches(new ImageBatchOptions { BatchSize = 2, Workers = 3 }))
            {
                if (label.IsInvalid || data.numel() > 0)
                    break;
            }
        });

        var read = source.Reads;
        read.Should().BeLessThanOrEqualTo(2 * (2 * 6 + 4), "six batches are kept ready, and one more may have been begun for the one taken");
        Thread.Sleep(50);
        source.Reads.Should().Be(read, "nobody reads any more");
    }

    [Fact]
    public void Batches_WithAConsumerThatWaits_AreNotPreparedWithoutEnd()
    {
        using var source = new Counting(10_000);
        using var batches = source.Dataset().Batches(new ImageBatchOptions { BatchSize = 1, Workers = 2 }).GetEnumerator();
        batches.MoveNext().Should().BeTrue();
        // One was taken and four are kept; nothing more, however long this waits.
        SpinWait.SpinUntil(() => source.Reads == 5, TimeSpan.FromSeconds(20)).Should().BeTrue();
        Thread.Sleep(50);
        source.Reads.Should().Be(5);
    }

    [Fact]
    public void Batches_WithWorkers_ReadOnOtherThreads()
    {
        using var source = new Counting(20);
        source.Dataset().Batches(new ImageBatchOptions { BatchSize = 1, Workers = 2 }).Count().Should().Be(20);
        source.Threads.Should().NotContain(Environment.CurrentManagedThreadId).And.NotBeEmpty();
    }

    [Fact]
    public void Batches_WhoseReadingFails_GiveTheBatchesBeforeAndThenTheError()
    {
        using var source = new Counting(20) { Bad = 7 };
        LiveTensors.ShouldNotGrow(() =>
        {
            var seen = 0;
            FluentActions.Invoking(() =>
            {
                foreach (var _ in source.Dataset().Batches(new ImageBatchOptions { BatchSize = 2, Workers = 4 }))
                    seen++;
            }).Should().Throw<InvalidDataException>().WithMessage("picture 7");
            seen.Should().Be(3);
        });
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(257)]
    public void Batches_ANumberOfWorkersOutsideItsRange_IsRefusedAtOnce(int workers) =>
        FluentActions.Invoking(() => ImageDatasetTests.Random(1).Batches(new ImageBatchOptions { Workers = workers })).Should().Throw<ArgumentOutOfRangeException>();

    private static string[] All(IEnumerable<(Tensor Data, Tensor Label)> batches)
    {
        var (data, labels) = (new List<float>(), new List<long>());
        foreach (var batch in batches)
        {
            data.AddRange(batch.Data.Floats());
            labels.AddRange(batch.Label.Longs());
        }

        return [string.Join(' ', data.Select(BitConverter.SingleToInt32Bits)), string.Join(' ', labels)];
    }

    /// <summary>One-pixel pictures that count how often they are read.</summary>
    private sealed class Counting(int count) : ISampleSource, IDisposable
    {
        private readonly ThreadLocal<int> _threads = new(() => Environment.CurrentManagedThreadId, trackAllValues: true);
        private int _reads;

        public int Count => count;

        public int Channels => 1;

        public int Bad { get; init; } = -1;

        public int Reads => Volatile.Read(ref _reads);

        public IList<int> Threads => _threads.Values;

        public ImageDataset Dataset() => new(this, new int[count], ["only"], new SampleFormat(1, 1), ImageNormalization.None);

        public Sample Read(int index)
        {
            _ = _threads.Value;
            Interlocked.Increment(ref _reads);
            return index == Bad ? throw new InvalidDataException($"picture {index}") : new Sample { Pixels = new byte[1], Height = 1, Width = 1 };
        }

        public void Dispose() => _threads.Dispose();
    }
}

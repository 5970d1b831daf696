namespace Px.Pruning.Models.Data.Pipeline;

// An epoch, decided before it begins: which pictures make which batch, and which random numbers are whose.
internal sealed class BatchPlan
{
    private readonly SampleSet samples;
    private readonly int[] order;
    private readonly ImageBatchOptions options;
    private readonly RandomSequence random;

    internal BatchPlan(SampleSet samples, int[] indices, ImageBatchOptions options)
    {
        (this.samples, this.options) = (samples, options);
        order = SampleOrder.Of(indices, samples.Labels, options);
        // The odd streams of a seed; those of SampleOrder are even.
        random = new RandomSequence(options.ShuffleSeed ?? 0, ((ulong)(uint)options.Epoch << 1) | 1);
        Count = (int)((order.Length + (options.DropLast ? 0L : options.BatchSize - 1)) / options.BatchSize);
    }

    // The number of batches.
    internal int Count { get; }

    internal long[] DataShape(int batch) => [Size(batch), .. samples.DataShape];

    internal long[] LabelShape(int batch) => [Size(batch), .. samples.LabelShape];

    internal int DataLength(int batch) => checked(Size(batch) * samples.DataLength);

    internal int LabelLength(int batch) => checked(Size(batch) * samples.LabelLength);

    // Makes one batch, whatever was made before it. Safe from several threads.
    // Throws OperationCanceledException if the token asked to stop.
    internal void Fill(int batch, Span<float> data, Span<long> label, CancellationToken token)
    {
        var first = batch * options.BatchSize;
        for (var i = 0; i < Size(batch); i++)
        {
            token.ThrowIfCancellationRequested();
            var random = this.random.Skip((ulong)(first + i) * (ulong)(options.Augmentation?.Draws ?? 0));
            samples.Write(
                order[first + i], options.Augmentation, random,
                data.Slice(i * samples.DataLength, samples.DataLength), label.Slice(i * samples.LabelLength, samples.LabelLength));
        }
    }

    private int Size(int batch) => Math.Min(options.BatchSize, order.Length - (batch * options.BatchSize));
}

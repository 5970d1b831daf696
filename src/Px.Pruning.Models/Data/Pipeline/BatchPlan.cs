namespace Px.Pruning.Models.Data.Pipeline;

// An epoch, decided before it begins: which pictures make which batch, and which random numbers are whose.
internal sealed class BatchPlan
{
    private readonly SampleSet _samples;
    private readonly int[] _order;
    private readonly ImageBatchOptions _options;
    private readonly RandomSequence _random;

    public BatchPlan(SampleSet samples, int[] indices, ImageBatchOptions options)
    {
        (_samples, _options) = (samples, options);
        _order = SampleOrder.Of(indices, samples.Labels, options);
        // The odd streams of a seed; those of SampleOrder are even.
        _random = new RandomSequence(options.ShuffleSeed ?? 0, ((ulong)(uint)options.Epoch << 1) | 1);
        Count = (int)((_order.Length + (options.DropLast ? 0L : options.BatchSize - 1)) / options.BatchSize);
    }

    // The number of batches.
    public int Count { get; }

    public long[] DataShape(int batch) => [Size(batch), .. _samples.DataShape];

    public long[] LabelShape(int batch) => [Size(batch), .. _samples.LabelShape];

    public int DataLength(int batch) => checked(Size(batch) * _samples.DataLength);

    public int LabelLength(int batch) => checked(Size(batch) * _samples.LabelLength);

    // Makes one batch, whatever was made before it. Safe from several threads.
    // Throws OperationCanceledException if the token asked to stop.
    public void Fill(int batch, Span<float> data, Span<long> label, CancellationToken token)
    {
        var first = batch * _options.BatchSize;
        for (var i = 0; i < Size(batch); i++)
        {
            token.ThrowIfCancellationRequested();
            var random = _random.Skip((ulong)(first + i) * (ulong)(_options.Augmentation?.Draws ?? 0));
            _samples.Write(
                _order[first + i], _options.Augmentation, random,
                data.Slice(i * _samples.DataLength, _samples.DataLength), label.Slice(i * _samples.LabelLength, _samples.LabelLength));
        }
    }

    private int Size(int batch) => Math.Min(_options.BatchSize, _order.Length - (batch * _options.BatchSize));
}

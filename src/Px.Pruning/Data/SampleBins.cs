using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Data;

// Copies of single samples: a queue for each class, or one for all samples where targets are not class labels.
internal sealed class SampleBins : IDisposable
{
    private readonly Queue<(Inputs Input, Tensor Target)>[] bins;
    private readonly long capacity;
    private readonly bool byLabel;
    private readonly TensorCopier copier;
    private readonly string format;
    private int fullBins;

    private SampleBins(int bins, long capacity, bool byLabel, TensorCopier copier, string format)
    {
        this.bins = new Queue<(Inputs, Tensor)>[bins];
        for (var bin = 0; bin < bins; bin++) this.bins[bin] = new();
        (this.capacity, this.byLabel, this.copier, this.format) = (capacity, byLabel, copier, format);
    }

    internal bool IsFull => fullBins == bins.Length;

    internal long Count => bins.Sum(bin => (long)bin.Count);

    // input, target: the first batch.
    internal static SampleBins For(Inputs input, Tensor target, int perClass, long[] outputShape, TensorCopier copier)
    {
        var classes = Classes(outputShape);
        var labelled = target.dim() == 1 && TensorCopier.IsInteger(target.dtype);
        var format = Format(input, target);
        return labelled ? new(classes, perClass, true, copier, format) : new(1, (long)perClass * classes, false, copier, format);
    }

    // Copies the samples of a batch whose bins are not full.
    internal void Add(Inputs input, Tensor target)
    {
        if (Format(input, target) is var found && found != format)
        {
            throw new ArgumentException(
                $"Samples must be alike to be regrouped: the first had {format}, a later one has {found}. "
                + "DataBudget.Batches(n) scores on batches as they come.");
        }

        var labels = byLabel ? Labels(target) : null;
        var count = input.Samples;
        for (var i = 0L; i < count && !IsFull; i++)
        {
            var bin = bins[labels is null ? 0 : labels[i]];
            if (bin.Count == capacity) continue;
            using var oneInput = input.Narrow(i, 1);
            using var oneTarget = target.narrow(0, i, 1);
            bin.Enqueue(copier.Copy(oneInput, oneTarget));
            if (bin.Count == capacity) fullBins++;
        }
    }

    // A message about bins that are not full; null if all are.
    internal string? Shortage()
    {
        if (IsFull) return null;
        if (!byLabel) return $"The data has {bins[0].Count} samples; {capacity} were asked for.";
        const int named = 10;
        var few = Enumerable.Range(0, bins.Length).Where(label => bins[label].Count < capacity).ToList();
        var names = string.Join(", ", few.Take(named).Select(label => $"class {label} has {bins[label].Count}"));
        return $"The data has fewer than {capacity} samples of some classes: {names}"
            + (few.Count > named ? $", and {few.Count - named} more." : ".");
    }

    // Moves the samples, one of each bin in turn, into batches of the given size.
    internal void MoveTo(PruningBatches batches, int batchSize)
    {
        foreach (var samples in TakeInTurn().Chunk(batchSize))
        {
            try
            {
                var inputs = Enumerable.Range(0, samples[0].Input.Tensors.Count)
                    .Select(i => Join(samples.Select(sample => sample.Input.Tensors[i])));
                batches.Add(new Inputs([.. inputs]), Join(samples.Select(sample => sample.Target)));
            }
            finally
            {
                Free(samples);
            }
        }
    }

    public void Dispose()
    {
        foreach (var bin in bins)
        {
            Free(bin);
            bin.Clear();
        }
    }

    private IEnumerable<(Inputs Input, Tensor Target)> TakeInTurn()
    {
        while (bins.Any(bin => bin.Count > 0))
        {
            foreach (var bin in bins)
                if (bin.TryDequeue(out var sample)) yield return sample;
        }
    }

    private long[] Labels(Tensor target)
    {
        using var copy = target.detach();
        using var onCpu = copy.to(ScalarType.Int64, CPU, copy: true);
        var labels = MemoryMarshal.Cast<byte, long>(onCpu.bytes).ToArray();
        int wrong = Array.FindIndex(labels, label => label < 0 || label >= bins.Length);
        if (wrong < 0) return labels;
        throw new ArgumentException(
            $"A label is {labels[wrong]}, but the model's output has {bins.Length} classes, so that labels are 0 to {bins.Length - 1}. "
            + "Where the targets are no class labels, use DataBudget.Batches(n).");
    }

    private static int Classes(long[] outputShape) => outputShape.Length >= 2 && outputShape[1] >= 1
        ? checked((int)outputShape[1])
        : throw new ArgumentException(
            $"The model's output is {ShapeText.Of(outputShape)}; to choose samples by class it must be [B, K, ...] with K classes. "
            + "DataBudget.Batches(n) scores on batches as they come.");

    private static string Format(Inputs input, Tensor target) =>
        $"input {string.Join(", ", input.Tensors.Select(tensor => Format(tensor)))} and target {Format(target)}";

    private static string Format(Tensor tensor) => $"{ShapeText.Of(tensor.shape.AsSpan(1))} of {tensor.dtype}";

    private static Tensor Join(IEnumerable<Tensor> samples) => cat(samples.ToList()).DetachFromDisposeScope();

    private static void Free(IEnumerable<(Inputs Input, Tensor Target)> samples)
    {
        foreach (var (input, target) in samples)
        {
            input.Dispose();
            target.Dispose();
        }
    }
}

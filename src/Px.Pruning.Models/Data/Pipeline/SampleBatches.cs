using System.Collections;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Data.Pipeline;

// Makes tensors of batches, all on the thread that asks for them: dispose scopes are a thread's own.
internal static class SampleBatches
{
    // Lazily, an epoch at each walk.
    internal static IEnumerable<(Tensor Data, Tensor Label)> Enumerate(SampleSet samples, int[] indices, ImageBatchOptions options) =>
        new Epoch(() => new BatchPlan(samples, indices, options), options);

    private static IEnumerable<(Tensor Data, Tensor Label)> Walk(BatchPlan plan, ImageBatchOptions options)
    {
        using var workers = options.Workers == 0 ? null : new BatchWorkers(plan, options.Workers);
        for (var batch = 0; batch < plan.Count; batch++)
        {
            var (data, label) = Make(plan, batch, workers, options.Device);
            using (data)
            using (label)
                yield return (data, label);
        }
    }

    // One item, unchanged.
    internal static Dictionary<string, Tensor> Item(SampleSet samples, int index)
    {
        using var unfinished = NewDisposeScope();
        var data = empty(samples.DataShape, dtype: ScalarType.Float32);
        var label = empty(samples.LabelShape, dtype: ScalarType.Int64);
        samples.Write(index, augmentation: null, random: default, ImageKernel.Floats(data), ImageKernel.Longs(label));
        return new Dictionary<string, Tensor> { ["data"] = data.MoveToOuterDisposeScope(), ["label"] = label.MoveToOuterDisposeScope() };
    }

    private static (Tensor Data, Tensor Label) Make(BatchPlan plan, int batch, BatchWorkers? workers, Device? device)
    {
        using var temporaries = NewDisposeScope();
        var data = empty(plan.DataShape(batch), dtype: ScalarType.Float32);
        var label = empty(plan.LabelShape(batch), dtype: ScalarType.Int64);
        if (workers is null)
            plan.Fill(batch, ImageKernel.Floats(data), ImageKernel.Longs(label), CancellationToken.None);
        else
            workers.Take(batch, ImageKernel.Floats(data), ImageKernel.Longs(label));
        if (device is not null)
            (data, label) = (data.to(device), label.to(device));
        return temporaries.Detach(data, label);
    }

    // A collection, so that readers know that it ends.
    private sealed class Epoch(Func<BatchPlan> plan, ImageBatchOptions options) : IReadOnlyCollection<(Tensor Data, Tensor Label)>
    {
        public int Count => plan().Count;

        public IEnumerator<(Tensor Data, Tensor Label)> GetEnumerator() => Walk(plan(), options).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

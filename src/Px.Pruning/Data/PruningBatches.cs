using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Px.Pruning.Data;

// The samples a method scores on, copied to the model's device. Owns its tensors. The caller's enumerator may create tensors that it keeps,
// or hold a dispose scope open between two batches: so none of our scopes is open while it runs, and no tensor here belongs to a scope.
internal sealed class PruningBatches : IDisposable
{
    private readonly List<(Inputs Input, Tensor Target)> batches = [];

    private PruningBatches() { }

    internal IReadOnlyList<(Inputs Input, Tensor Target)> Batches => batches;

    internal long Samples { get; private set; }

    // Reads as much of the data as the budget asks. outputShape gives the shape [1, K, …] of the model's output; called once, with a copy
    // of the first sample.
    internal static PruningBatches Collect(
        PruningData data, DataBudget budget, int batchSize, Func<Inputs, long[]> outputShape,
        Device device, ScalarType dtype, ILogger? logger, CancellationToken token, bool loneSampleStays = false)
    {
        if (!data.HasData)
            throw new ArgumentException("This method scores on data: pass a DataLoader, or batches of inputs and targets.", nameof(data));
        var copier = new TensorCopier(device, dtype);
        var collected = new PruningBatches();
        try
        {
            if (budget.SamplesPerClass is { } samples)
                collected.ReadSamples(data, samples, budget.Patience, batchSize, outputShape, copier, logger, token);
            else
                collected.ReadBatches(data, budget.BatchCount, outputShape, copier, logger, token);
            if (!loneSampleStays) collected.JoinLoneSample();
            return collected;
        }
        catch
        {
            collected.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var (input, target) in batches)
        {
            input.Dispose();
            target.Dispose();
        }

        batches.Clear();
    }

    internal void Add(Inputs input, Tensor target)
    {
        batches.Add((input, target));
        Samples += input.Samples;
    }

    private void ReadBatches(
        PruningData data, int? count, Func<Inputs, long[]> outputShape, TensorCopier copier, ILogger? logger, CancellationToken token)
    {
        foreach (var (input, target) in BatchReader.Read(data, token))
        {
            if (batches.Count == 0) Probe(input, outputShape, copier);
            var (inputCopy, targetCopy) = copier.Copy(input, target);
            Add(inputCopy, targetCopy);
            if (batches.Count == count) return;
        }

        if (batches.Count == 0) throw BatchReader.NoSamples();
        if (count is not null)
            logger?.LogWarning(Warnings.FewBatches, "The data has {Found} batches; {Asked} were asked for.", batches.Count, count);
    }

    private void ReadSamples(
        PruningData data, int perClass, long patience, int batchSize, Func<Inputs, long[]> outputShape,
        TensorCopier copier, ILogger? logger, CancellationToken token)
    {
        SampleBins? bins = null;
        var search = new Patience(patience, data.HasEnd, logger);
        try
        {
            foreach (var (input, target) in BatchReader.Read(data, token))
            {
                bins ??= SampleBins.For(input, target, perClass, Probe(input, outputShape, copier), copier);
                long before = bins.Count;
                bins.Add(input, target);
                if (bins.IsFull) break;
                search.Note(input.Samples, bins.Count > before, bins.Shortage);
            }

            if (bins is null) throw BatchReader.NoSamples();
            if (bins.Shortage() is { } shortage) logger?.LogWarning(Warnings.FewSamples, "{Shortage}", shortage);
            bins.MoveTo(this, batchSize);
        }
        finally
        {
            bins?.Dispose();
        }
    }

    // A last batch of one joins the batch before, if that is larger: alone it has no variance for a norm layer.
    private void JoinLoneSample()
    {
        if (batches is not [.., var before, var last] || last.Input.Samples != 1 || before.Input.Samples == 1) return;
        var pairs = before.Input.Tensors.Zip(last.Input.Tensors).ToList();
        if (!pairs.TrueForAll(pair => AreAlike(pair.First, pair.Second)) || !AreAlike(before.Target, last.Target)) return;
        using var scope = NewDisposeScope();
        static Tensor Join(Tensor a, Tensor b) => cat(new List<Tensor> { a, b });
        var input = new Inputs([.. pairs.Select(pair => Join(pair.First, pair.Second))]);
        var target = Join(before.Target, last.Target);
        batches.RemoveRange(batches.Count - 2, 2);
        batches.Add((input.Map(tensor => tensor.DetachFromDisposeScope()), target.DetachFromDisposeScope()));
        foreach (var part in new IDisposable[] { before.Input, before.Target, last.Input, last.Target }) part.Dispose();
    }

    private static bool AreAlike(Tensor a, Tensor b) => a.dtype == b.dtype && a.shape.AsSpan(1).SequenceEqual(b.shape.AsSpan(1));

    private static long[] Probe(Inputs input, Func<Inputs, long[]> outputShape, TensorCopier copier)
    {
        using var first = input.Narrow(0, 1);
        using var sample = copier.CopyInput(first);
        return outputShape(sample);
    }
}

// The caller's batches, checked. Borrowed: each is valid until the next one is read.
internal static class BatchReader
{
    internal static IEnumerable<(Inputs Input, Tensor Target)> Read(PruningData data, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        int number = 0, count = 0;
        foreach (var (inputs, target) in data.Read())
        {
            Check(inputs, target, ++number);
            if (number == 1) count = inputs.Count;
            if (inputs.Count != count) throw Malformed(number, $"it has {inputs.Count} inputs, and the first batch {count}.");
            yield return (new Inputs(inputs), target);
            token.ThrowIfCancellationRequested();
        }
    }

    internal static ArgumentException NoSamples() => new("The data has no batch.");

    private static void Check(IReadOnlyList<Tensor?>? inputs, Tensor? target, int number)
    {
        if (inputs is null or []) throw Malformed(number, $"its inputs are {(inputs is null ? "null" : "none")}.");
        foreach (var input in inputs) CheckTensor(input, "inputs", number);
        CheckTensor(target, "targets", number);
        long[] targets = target!.shape;
        var shapes = inputs.Select(input => input!.shape).ToList();
        string found = string.Join(", ", shapes.Select(shape => ShapeText.Of(shape)));
        if (targets.Length == 0 || !shapes.TrueForAll(shape => shape.Length > 0 && shape[0] == targets[0]))
        {
            throw Malformed(number, $"its inputs are {found} and its targets {ShapeText.Of(targets)}, but "
                + $"{(shapes.Count == 1 ? "both" : "all")} must begin with the same batch dimension (single samples need a DataLoader to "
                + "make batches of them).");
        }

        if (targets[0] == 0) throw Malformed(number, $"it has no samples: its inputs are {found}.");
    }

    private static void CheckTensor(Tensor? tensor, string what, int number)
    {
        if (tensor is null) throw Malformed(number, $"its {what} are null.");
        if (tensor.IsInvalid) throw Malformed(number, $"its {what} were already disposed.");
    }

    private static ArgumentException Malformed(int number, string what) => new($"Batch {number} of the data is malformed: {what}");
}

using System.Collections;
using System.Collections.Concurrent;

using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>One pass over a loader. A batch belongs to no dispose scope; what the dataset made for it is gone once it is collated.</summary>
internal sealed class DataLoaderEnumerator<T, S>(DataLoader<T, S> loader) : IEnumerator<S>
{
    private readonly IEnumerator<long> sampler = loader.sampler.GetEnumerator();
    private IReadOnlyList<IDisposable> batchContent = [];

    public S Current { get; private set; } = default!;

    object? IEnumerator.Current => Current;

    public bool MoveNext()
    {
        DisposeBatch();
        var indices = new List<long>(loader.batch_size);
        while (indices.Count < loader.batch_size && sampler.MoveNext()) indices.Add(sampler.Current);
        if (indices.Count == 0 || (loader.drop_last && indices.Count < loader.batch_size)) return false;

        var items = new T[indices.Count];
        var made = new ConcurrentBag<IDisposable>();
        using var temporaries = NewDisposeScope();
        try
        {
            Enumerable.Range(0, items.Length).AsParallel().WithDegreeOfParallelism(loader.num_workers).ForAll(i => items[i] = Get(indices[i], made));
        }
        finally
        {
            temporaries.Attach(made);
        }
        var before = temporaries.DisposablesView.ToHashSet();
        Current = loader.collate_fn(items, loader.Device);
        batchContent = [.. temporaries.DisposablesView.Where(tensor => !before.Contains(tensor))];
        temporaries.Detach(batchContent);
        return true;
    }

    public void Reset()
    {
        DisposeBatch();
        sampler.Reset();
    }

    public void Dispose()
    {
        DisposeBatch();
        sampler.Dispose();
    }

    private T Get(long index, ConcurrentBag<IDisposable> made)
    {
        using var scope = NewDisposeScope();
        var item = loader.dataset.GetTensor(index);
        foreach (var tensor in scope.DisposablesView.ToList())
        {
            made.Add(tensor);
            scope.Detach(tensor);
        }
        return item;
    }

    private void DisposeBatch()
    {
        if (loader.DisposeBatch)
        {
            foreach (var tensor in batchContent) tensor.Dispose();
        }
        batchContent = [];
        Current = default!;
    }
}

using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Batches of lists of tensors, stacked along a new first dimension.</summary>
public class IterableDataLoader : DataLoader<IList<Tensor>, IList<Tensor>>
{
    public IterableDataLoader(utils.data.IterableDataset dataset, int batchSize, IEnumerable<long> shuffler, Device? device = null, int num_worker = 1, bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
        : base(dataset, batchSize, Collate, shuffler, device, num_worker, drop_last, disposeBatch, disposeDataset)
    {
    }

    public IterableDataLoader(utils.data.IterableDataset dataset, int batchSize, bool shuffle = false, Device? device = null, int? seed = null, int num_worker = 1, bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
        : base(dataset, batchSize, Collate, shuffle, device, seed, num_worker, drop_last, disposeBatch, disposeDataset)
    {
    }

    internal static Tensor Stack(IEnumerable<Tensor> rows, Device device)
    {
        using var temporaries = NewDisposeScope();
        var batch = stack(rows);
        return (batch.device_type == device.type ? batch : batch.to(device)).MoveToOuterDisposeScope();
    }

    private static IList<Tensor> Collate(IEnumerable<IList<Tensor>> items, Device device) =>
        Enumerable.Range(0, items.First().Count).Select(i => Stack(items.Select(item => item[i]), device)).ToList();
}

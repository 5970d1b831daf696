using Px.Bytes;
using Px.Pruning.Models.StateDicts.Pickle;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// The classes and functions that checkpoints may name: tensors, their storages, and Python's plain containers. InertObjects become
// PickleOpaque; every other one is refused by name.
// allowUnknown: whether all others become PickleOpaque.
internal sealed class TorchWorld(bool allowUnknown, MemoryBudget budget) : IPickleWorld
{
    // The objects of a tensor, a storage and their views, without their sizes.
    private const int TensorCost = 128, StorageCost = 192;

    private static readonly Dictionary<(string Module, string Name), object> Known = MakeKnown();

    private readonly Dictionary<string, TorchStorage> storages = new(StringComparer.Ordinal);

    // The storages that were referred to, by key.
    internal IReadOnlyDictionary<string, TorchStorage> Storages => storages;

    public object Find(string module, string name)
    {
        if (Known.TryGetValue((module, name), out var known))
            return known;
        budget.Spend(TensorCost + 2 * sizeof(char) * (long)(module.Length + name.Length));
        return allowUnknown || InertObjects.Contains(module, name) ? new PickleOpaque($"{module}.{name}") : throw new InvalidDataException(
            $"it needs '{Excerpt.Of($"{module}.{name}")}', which is no tensor, dictionary or plain value: only Python could make it, by "
            + "running code, and nothing was run. "
            + "If you trust the file, load it in Python and save the tensors alone: torch.save(model.state_dict(), path); "
            + $"or let {nameof(CheckpointOptions)}.{nameof(CheckpointOptions.AllowUnknownObjects)} pass over such objects.");
    }

    public object? Call(object? callable, object?[] arguments) => callable switch
    {
        TorchFunction function => function(this, arguments),
        PickleOpaque => callable,
        _ => throw new InvalidDataException("its pickle calls something that is no function."),
    };

    public object Resolve(object? persistentId)
    {
        switch (persistentId)
        {
            case object?[] and ["storage", TorchType type, string key, _, long count and >= 0]:
                return Storage(key, type, count);
            case object?[] and ["storage", TorchType type, string key, _, long count and >= 0, null]:
                return Storage(key, type, count);
            case object?[] and ["storage", TorchType type, string key, _, long count and >= 0, object?[]
                and [string, long from and >= 0, long part and >= 0]] when from <= count && part <= count - from:
                return Storage(key, type, count) with { Offset = from, Count = part };
            case object?[] and ["module", PickleOpaque opaque, ..]: // models saved whole, before the zip format
                return opaque;
            default:
                throw new InvalidDataException("its pickle refers to something outside itself that is no storage.");
        }
    }

    // In place of a tensor that cannot be read.
    // name: the function that would make it.
    // reason: what it is, and what to do in Python.
    internal object Refuse(string name, string reason)
    {
        budget.Spend(TensorCost + 2 * sizeof(char) * (long)(name.Length + reason.Length));
        return allowUnknown ? new PickleOpaque(name) : new UnreadableTensor($"cannot be read ('{name}'): it {reason}");
    }

    // numbers: how many sizes and strides a tensor has.
    internal void SpendOnTensor(long numbers) => budget.Spend(TensorCost + sizeof(long) * numbers);

    internal void Spend(long bytes) => budget.Spend(bytes);

    internal static InvalidDataException Misuse(string function) =>
        new($"its pickle calls {function} with arguments that it does not take.");

    private TorchStorageView Storage(string key, TorchType type, long count)
    {
        budget.Spend(StorageCost);
        var storage = new TorchStorage(key, type, count);
        if (!storages.TryAdd(key, storage) && storages[key] is var other && other != storage)
        {
            throw new InvalidDataException($"the storage '{Excerpt.Of(key)}' has {other.Count} elements of type {other.Type.Name} in one "
                + $"place and {count} of type {type.Name} in another.");
        }

        return new TorchStorageView(storages[key], 0, count);
    }

    private static Dictionary<(string Module, string Name), object> MakeKnown()
    {
        var known = new Dictionary<(string, string), object>();
        Containers.AddTo(known);
        TensorFunctions.AddTo(known);
        foreach (var type in TorchType.All.Concat(TorchType.Quantized))
        {
            known[("torch", type.Name)] = $"torch.{type.Name}";
            known[("torch", type.StorageName)] = known[("torch.cuda", type.StorageName)] = type;
        }

        foreach (var name in TorchType.WithoutStorage)
            known[("torch", name)] = $"torch.{name}";
        known[("torch", "UntypedStorage")] = known[("torch.storage", "UntypedStorage")] = known[("torch", "ByteStorage")];
        return known;
    }
}

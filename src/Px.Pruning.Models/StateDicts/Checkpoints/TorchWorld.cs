using System.Text;
using Px.Bytes;
using Px.Pruning.Models.StateDicts.Pickle;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// The classes and functions that checkpoints may name: tensors, their storages, and Python's plain containers. Every other one is refused
// by name. allowUnknown: Whether others become PickleOpaque instead.
internal sealed class TorchWorld(bool allowUnknown, MemoryBudget budget) : IPickleWorld
{
    // The objects of a tensor, a storage and their views, without their sizes.
    private const int TensorCost = 128, StorageCost = 192;

    private static readonly Dictionary<(string Module, string Name), object> Known = MakeKnown();

    private readonly Dictionary<string, TorchStorage> _storages = new(StringComparer.Ordinal);

    // The storages that were referred to, by key.
    public IReadOnlyDictionary<string, TorchStorage> Storages => _storages;

    private delegate object? Function(TorchWorld world, object?[] arguments);

    public object Find(string module, string name)
    {
        if (Known.TryGetValue((module, name), out var known))
            return known;
        budget.Spend(TensorCost + sizeof(char) * (long)(module.Length + name.Length));
        return allowUnknown ? new PickleOpaque($"{module}.{name}") : throw new InvalidDataException(
            $"it needs '{Excerpt.Of($"{module}.{name}")}', which is no tensor, dictionary or plain value: only Python could make it, by "
            + "running code, and nothing was run. "
            + "If you trust the file, load it in Python and save the tensors alone: torch.save(model.state_dict(), path); "
            + $"or let {nameof(CheckpointOptions)}.{nameof(CheckpointOptions.AllowUnknownObjects)} pass over such objects.");
    }

    public object? Call(object? callable, object?[] arguments) => callable switch
    {
        Function function => function(this, arguments),
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

    private TorchStorageView Storage(string key, TorchType type, long count)
    {
        budget.Spend(StorageCost);
        var storage = new TorchStorage(key, type, count);
        if (!_storages.TryAdd(key, storage) && _storages[key] is var other && other != storage)
            throw new InvalidDataException($"the storage '{Excerpt.Of(key)}' has {other.Count} elements of type {other.Type.Name} in one "
                + $"place and {count} of type {type.Name} in another.");
        return new TorchStorageView(_storages[key], 0, count);
    }

    private static Dictionary<(string Module, string Name), object> MakeKnown()
    {
        var known = new Dictionary<(string, string), object>
        {
            [("collections", "OrderedDict")] = (Function)OrderedDictionary,
            [("torch", "Size")] = (Function)((_, arguments) => arguments is [object?[] sizes] ? sizes : throw Misuse("torch.Size")),
            [("torch", "device")] = (Function)((_, arguments) => arguments is [string, ..] ? arguments : throw Misuse("torch.device")),
            [("torch._utils", "_rebuild_tensor")] = (Function)RebuildTensor,
            [("torch._utils", "_rebuild_tensor_v2")] = (Function)RebuildTensor,
            [("torch._utils", "_rebuild_parameter")] = (Function)RebuildParameter,
            [("torch._utils", "_rebuild_parameter_with_state")] = (Function)RebuildParameter,
            [("_codecs", "encode")] = (Function)Latin1,
        };
        foreach (var module in (string[])["builtins", "__builtin__"])
        {
            known[(module, "set")] = known[(module, "frozenset")] =
                (Function)((_, arguments) => arguments is [List<object?> items] ? items : throw Misuse("set"));
            known[(module, "complex")] = (Function)((_, arguments) => arguments is [double, double] ? arguments : throw Misuse("complex"));
            known[(module, "bytes")] = known[(module, "bytearray")] =
                (Function)((world, arguments) =>
                arguments is [] ? Array.Empty<byte>() : arguments is [byte[] bytes] ? bytes : Latin1(world, arguments));
        }

        foreach (var type in TorchType.All)
        {
            known[("torch", type.Name)] = $"torch.{type.Name}";
            known[("torch", type.StorageName)] = known[("torch.cuda", type.StorageName)] = type;
        }

        known[("torch", "UntypedStorage")] = known[("torch.storage", "UntypedStorage")] = known[("torch", "ByteStorage")];
        return known;
    }

    // Python 3 hands over nothing, Python 2 a list of pairs.
    private static PickleDictionary OrderedDictionary(TorchWorld world, object?[] arguments)
    {
        var dictionary = new PickleDictionary();
        if (arguments is not ([] or [List<object?>]))
            throw Misuse("collections.OrderedDict");
        var pairs = arguments is [List<object?> given] ? given : [];
        world.Spend(PickleDictionary.EmptyCost + dictionary.CostOf(pairs.Count));
        foreach (var pair in pairs)
        {
            var (key, value) = pair switch
            {
                List<object?> and [var first, var second] => (first, second),
                object?[] and [var first, var second] => (first, second),
                _ => throw Misuse("collections.OrderedDict"),
            };
            dictionary.Set(key, value);
        }

        return dictionary;
    }

    // Storage, offset, sizes and strides; then whether it wants gradients, its hooks, and in some versions more.
    private static TorchTensor RebuildTensor(TorchWorld world, object?[] arguments)
    {
        if (arguments is not [TorchStorageView memory, long offset, object?[] size, object?[] stride, ..])
            throw Misuse("torch._utils._rebuild_tensor");
        world.Spend(TensorCost + sizeof(long) * (size.LongLength + stride.LongLength));
        return new TorchTensor(memory, offset, Numbers(size), Numbers(stride));
    }

    private static TorchTensor RebuildParameter(TorchWorld world, object?[] arguments) =>
        arguments is [TorchTensor data, ..] ? data : throw Misuse("torch._utils._rebuild_parameter");

    // How protocol 2 writes bytes: as a text with a character for each.
    private static byte[] Latin1(TorchWorld world, object?[] arguments)
    {
        if (arguments is not [string text, "latin1" or "latin-1"] || text.Any(character => character > byte.MaxValue))
            throw Misuse("_codecs.encode");
        world.Spend(text.Length);
        return Encoding.Latin1.GetBytes(text);
    }

    private static long[] Numbers(object?[] values) =>
        Array.ConvertAll(values, value =>
            value is long number ? number
            : throw new InvalidDataException("a tensor has a size or stride that is no whole number of 64 bits."));

    private static InvalidDataException Misuse(string function) =>
        new($"its pickle calls {function} with arguments that it does not take.");

    private void Spend(long bytes) => budget.Spend(bytes);
}

using System.Text;
using Px.Pruning.Models.StateDicts.Pickle;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// Python's containers and plain values that pickles make by calling their class.
internal static class Containers
{
    // What the runtime takes for a list without its items.
    private const int ListCost = 96;

    // Adds the classes by module and name.
    internal static void AddTo(Dictionary<(string Module, string Name), object> known)
    {
        known[("collections", "OrderedDict")] = (TorchFunction)OrderedDictionary;
        known[("collections", "defaultdict")] = (TorchFunction)DefaultDictionary;
        known[("collections", "Counter")] = (TorchFunction)Counter;
        known[("collections", "deque")] = (TorchFunction)Queue;
        known[("torch", "Size")] = (TorchFunction)((_, arguments) =>
            arguments is [object?[] sizes] ? sizes : throw TorchWorld.Misuse("torch.Size"));
        known[("torch", "device")] = (TorchFunction)((_, arguments) =>
            arguments is [string, ..] ? arguments : throw TorchWorld.Misuse("torch.device"));
        known[("_codecs", "encode")] = (TorchFunction)Latin1;
        foreach (var module in (string[])["builtins", "__builtin__"])
        {
            known[(module, "set")] = known[(module, "frozenset")] = (TorchFunction)((_, arguments) =>
                arguments is [List<object?> items] ? items : throw TorchWorld.Misuse("set"));
            known[(module, "complex")] = (TorchFunction)((_, arguments) =>
                arguments is [double, double] ? arguments : throw TorchWorld.Misuse("complex"));
            known[(module, "bytes")] = known[(module, "bytearray")] = (TorchFunction)Bytes;
        }
    }

    // Python 3 hands over nothing, Python 2 a list of pairs.
    private static PickleDictionary OrderedDictionary(TorchWorld world, object?[] arguments)
    {
        if (arguments is not ([] or [List<object?>]))
            throw TorchWorld.Misuse("collections.OrderedDict");
        var pairs = arguments is [List<object?> given] ? given : [];
        var dictionary = NewDictionary(world, pairs.Count);
        foreach (var pair in pairs)
        {
            var (key, value) = pair switch
            {
                List<object?> and [var first, var second] => (first, second),
                object?[] and [var first, var second] => (first, second),
                _ => throw TorchWorld.Misuse("collections.OrderedDict"),
            };
            dictionary.Set(key, value);
        }

        return dictionary;
    }

    // What makes its missing values is never called; its entries follow.
    private static PickleDictionary DefaultDictionary(TorchWorld world, object?[] arguments) =>
        arguments.Length <= 1 ? NewDictionary(world, 0) : throw TorchWorld.Misuse("collections.defaultdict");

    // MultiStepLR keeps its milestones in one.
    private static PickleDictionary Counter(TorchWorld world, object?[] arguments) => arguments switch
    {
        [] => NewDictionary(world, 0),
        [PickleDictionary counts] => counts,
        _ => throw TorchWorld.Misuse("collections.Counter"),
    };

    // Nothing, or items and a greatest length; in Python 3 the items follow.
    private static List<object?> Queue(TorchWorld world, object?[] arguments)
    {
        if (arguments is not ([] or [List<object?> or object?[]] or [List<object?> or object?[], long or null]))
            throw TorchWorld.Misuse("collections.deque");
        if (arguments is [List<object?> items, ..])
            return items;
        var first = arguments is [object?[] given, ..] ? given : [];
        world.Spend(ListCost + PickleStack.SlotCost * first.LongLength);
        return [.. first];
    }

    private static PickleDictionary NewDictionary(TorchWorld world, int entries)
    {
        var dictionary = new PickleDictionary();
        world.Spend(PickleDictionary.EmptyCost + dictionary.CostOf(entries));
        return dictionary;
    }

    private static byte[] Bytes(TorchWorld world, object?[] arguments) => arguments switch
    {
        [] => [],
        [byte[] bytes] => bytes,
        _ => Latin1(world, arguments),
    };

    // How protocol 2 writes bytes: as a text with a character for each.
    private static byte[] Latin1(TorchWorld world, object?[] arguments)
    {
        if (arguments is not [string text, "latin1" or "latin-1"] || text.Any(character => character > byte.MaxValue))
            throw TorchWorld.Misuse("_codecs.encode");
        world.Spend(text.Length);
        return Encoding.Latin1.GetBytes(text);
    }
}

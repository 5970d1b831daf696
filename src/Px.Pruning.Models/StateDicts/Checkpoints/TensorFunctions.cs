using Px.Bytes;
using Px.Pruning.Models.StateDicts.Pickle;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// PyTorch's functions that make tensors from what a checkpoint holds. Those that make a plain tensor are carried out on descriptions of
// tensors; all others give a tensor that is refused only if somebody asks for it.
// Source: https://github.com/pytorch/pytorch/blob/main/torch/_utils.py, https://github.com/pytorch/pytorch/blob/main/torch/_tensor.py.
internal static class TensorFunctions
{
    private const string Module = "torch._utils";

    // What looking at a tensor's lazy bits takes.
    private const int BitsCost = 256;

    // What PyTorch calls the classes of plain tensors.
    private static readonly object PlainClass = new();

    private static readonly TorchFunction FromType = CallInner;

    // Kinds of tensors that are not read, by the function that makes them.
    private static readonly Dictionary<string, string> Unreadable = new()
    {
        ["_rebuild_sparse_tensor"] = "is sparse; save its to_dense() in Python",
        ["_rebuild_sparse_csr_tensor"] = "is sparse; save its to_dense() in Python",
        ["_rebuild_nested_tensor"] = "is nested, a list of tensors of different sizes; save them one by one in Python",
        ["_rebuild_qtensor"] = "is quantised; save its dequantize() in Python",
        ["_rebuild_meta_tensor_no_storage"] = "has no values; it was on the device 'meta' when it was saved",
        ["_rebuild_wrapper_subclass"] = "is of a class that keeps its values elsewhere; save them as plain tensors in Python",
        ["_rebuild_device_tensor_from_numpy"] = "was saved as an array of NumPy, from a device without storages; save its cpu() in Python",
        ["_rebuild_xla_tensor"] = "was saved as an array of NumPy, from a device without storages; save its cpu() in Python",
    };

    // Adds the functions, and the classes that they are given, by module and name.
    internal static void AddTo(Dictionary<(string Module, string Name), object> known)
    {
        known[(Module, "_rebuild_tensor")] = (TorchFunction)Rebuild;
        known[(Module, "_rebuild_tensor_v2")] = (TorchFunction)RebuildWithHooks;
        known[(Module, "_rebuild_tensor_v3")] = (TorchFunction)RebuildUntyped;
        known[(Module, "_rebuild_parameter")] = known[(Module, "_rebuild_parameter_with_state")] = (TorchFunction)First;
        known[(Module, "_rebuild_device_tensor_from_cpu_tensor")] = (TorchFunction)First;
        known[("torch._tensor", "_rebuild_from_type")] = known[("torch._tensor", "_rebuild_from_type_v2")] = FromType;
        foreach (var (module, name) in ((string, string)[])[("torch", "Tensor"), ("torch._tensor", "Tensor"),
            ("torch.nn.parameter", "Parameter"), ("torch.nn.parameter", "Buffer")])
        {
            known[(module, name)] = PlainClass;
        }

        foreach (var (name, reason) in Unreadable)
            known[(Module, name)] = Refusing($"{Module}.{name}", reason);
        foreach (var name in (string[])["UninitializedParameter", "UninitializedBuffer"])
        {
            known[("torch.nn.parameter", name)] = Refusing($"torch.nn.parameter.{name}",
                "has no values; it belongs to a lazy layer that had never run when it was saved");
        }
    }

    private static TorchFunction Refusing(string name, string reason) => (world, _) => world.Refuse(name, reason);

    // Storage, offset, sizes and strides.
    private static object Rebuild(TorchWorld world, object?[] arguments) =>
        arguments is [TorchStorageView memory, long offset, object?[] size, object?[] stride]
            ? Make(world, memory, offset, size, stride, isNegated: false) : throw TorchWorld.Misuse($"{Module}._rebuild_tensor");

    // As before, then whether it wants gradients, its hooks, which are never called here, and since PyTorch 2.0 its lazy bits.
    private static object RebuildWithHooks(TorchWorld world, object?[] arguments)
    {
        if (arguments is not [TorchStorageView memory, long offset, object?[] size, object?[] stride, _, _, ..] || arguments.Length > 7)
            throw TorchWorld.Misuse($"{Module}._rebuild_tensor_v2");
        var isNegated = false;
        foreach (var bit in SetBits(world, arguments.ElementAtOrDefault(6)))
        {
            if (bit != "neg")
            {
                return world.Refuse($"{Module}._rebuild_tensor_v2", bit == "conj"
                    ? "is conjugated lazily; save its resolve_conj() in Python"
                    : $"has the mark '{Excerpt.Of(bit)}', which is not known; save its clone() in Python");
            }

            isNegated = true;
        }

        if (isNegated && !memory.Storage.Type.CanBeNegated)
            throw TorchWorld.Misuse($"{Module}._rebuild_tensor_v2");
        return Make(world, memory, offset, size, stride, isNegated);
    }

    // As before with an element type in front of the bits: PyTorch saves so what has no typed storage.
    private static object RebuildUntyped(TorchWorld world, object?[] arguments) =>
        arguments is [TorchStorageView, long, object?[], object?[], _, _, string type, ..] && arguments.Length <= 8
            ? world.Refuse($"{Module}._rebuild_tensor_v3", $"has the type {Excerpt.Of(type)}, which TorchSharp does not have; convert it "
                + "in Python, for example by float()")
            : throw TorchWorld.Misuse($"{Module}._rebuild_tensor_v3");

    // A parameter of a tensor, or a device's tensor of one on the CPU.
    private static object First(TorchWorld world, object?[] arguments) =>
        arguments is [SavedTensor or PickleOpaque, ..] ? arguments[0]! : throw TorchWorld.Misuse($"{Module}._rebuild_parameter");

    // The function that makes a plain tensor, the class to give it, the function's arguments, and attributes, which are dropped. Not
    // for this function itself: a file could nest that deeper than the stack is.
    private static object? CallInner(TorchWorld world, object?[] arguments) => arguments switch
    {
        [TorchFunction inner, var made, object?[] innerArguments, ..] when made == PlainClass && inner != FromType =>
            inner(world, innerArguments),
        [PickleOpaque function, ..] => function,
        [_, PickleOpaque type, ..] => type,
        _ => throw TorchWorld.Misuse("torch._tensor._rebuild_from_type_v2"),
    };

    private static object Make(
        TorchWorld world, TorchStorageView memory, long offset, object?[] size, object?[] stride, bool isNegated)
    {
        world.SpendOnTensor(size.LongLength + stride.LongLength);
        return memory.Storage.Type.Type is null
            ? world.Refuse($"torch.{memory.Storage.Type.StorageName}", "is quantised; save its dequantize() in Python")
            : new TorchTensor(memory, offset, Numbers(size), Numbers(stride)) { IsNegated = isNegated };
    }

    // The names of the bits that are set.
    private static IEnumerable<string> SetBits(TorchWorld world, object? metadata)
    {
        if (metadata is null)
            return [];
        world.Spend(BitsCost);
        return metadata is PickleDictionary bits ? bits.Entries.Where(entry => entry.Value is not false).Select(entry => entry.Key)
            : throw TorchWorld.Misuse($"{Module}._rebuild_tensor_v2");
    }

    private static long[] Numbers(object?[] values) =>
        Array.ConvertAll(values, value => value is long number ? number
            : throw new InvalidDataException("a tensor has a size or stride that is no whole number of 64 bits."));
}

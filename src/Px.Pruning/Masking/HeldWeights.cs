using System.Globalization;
using System.Runtime.CompilerServices;
using Px.Bytes;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Masking;

// Which weights live bindings hold at zero, by the module that owns the parameter, or by its memory where another module shares it: what is
// pruned once more begins from there.
internal static class HeldWeights
{
    private static readonly ConditionalWeakTable<Module, List<MaskedParameter>> Held = new();

    internal static void Add(MaskedParameter parameter)
    {
        var list = Held.GetOrCreateValue(parameter.Owner);
        lock (list) list.Add(parameter);
    }

    internal static void Remove(MaskedParameter parameter)
    {
        if (!Held.TryGetValue(parameter.Owner, out var list)) return;
        lock (list) list.Remove(parameter);
    }

    // For each of some parameters a bool tensor on the CPU, false where a live binding holds its weight at zero; null where none holds any.
    // Fresh, in the current dispose scope.
    internal static Dictionary<string, Tensor>? Left(Module model, IEnumerable<(string Name, long[] Shape)> parameters)
    {
        var owners = new ParameterOwners(model);
        var left = parameters.ToDictionary(p => p.Name, p => (p.Shape, Tensor: Left(model, owners, p.Name, p.Shape)));
        if (left.Values.All(parameter => parameter.Tensor is null)) return null;
        return left.ToDictionary(p => p.Key, p => p.Value.Tensor ?? ones(p.Value.Shape, ScalarType.Bool));
    }

    // What a mask keeps that no live binding holds at zero, as a new mask without metadata; null where that is all that it keeps.
    internal static PruningMask? Left(Module model, PruningMask mask)
    {
        using var scope = NewDisposeScope();
        if (Left(model, mask.Names.Select(name => (name, mask[name].shape))) is not { } left) return null;
        return PruningMask.Adopt(mask.Names.Select(name => KeyValuePair.Create(name, mask[name].logical_and(left[name]))));
    }

    // The mask with its weights shuffled within each parameter, among the places that no live binding holds.
    internal static PruningMask Shuffle(PruningMask mask, IReadOnlyDictionary<string, Tensor> left, long seed)
    {
        using var scope = NewDisposeScope();
        var metadata = new Dictionary<string, string>(mask.Metadata) { ["shuffled"] = seed.ToString(CultureInfo.InvariantCulture) };
        return PruningMask.Adopt(
            mask.Names.Select(name => KeyValuePair.Create(name, Shuffle(mask[name], left[name], new SplitMix64(seed, name)))), metadata);
    }

    private static Tensor Shuffle(Tensor mask, Tensor left, SplitMix64 random)
    {
        var values = mask.masked_select(left);
        random.Shuffle(new TensorMemory<bool>(values));
        return mask.masked_scatter(left, values);
    }

    private static Tensor? Left(Module model, ParameterOwners owners, string name, long[] shape)
    {
        var (owner, member) = owners.Find(name);
        var memory = model.get_parameter(name) is { } parameter ? TensorAddress.Of(parameter) : default;
        Tensor? left = null;
        foreach (var (module, list) in Held)
        {
            lock (list)
            {
                foreach (var held in list.Where(held => (ReferenceEquals(module, owner) && held.Member == member) || held.IsAt(memory)))
                {
                    using var kept = held.Pruned.logical_not();
                    if (left is null) left = kept.to(ScalarType.Bool, CPU, copy: true).reshape(shape);
                    else left.logical_and_(kept.cpu().reshape(shape));
                }
            }
        }

        return left;
    }
}

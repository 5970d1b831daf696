using Px.Bytes;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Masking;

// One parameter of a bound model and its mask, which is copied and follows the parameter's device. The parameter itself is looked up each
// time, because .to() replaces parameters and disposes the old ones.
internal sealed class MaskedParameter(string name, Module owner, string member, Tensor kept) : IDisposable
{
    private static readonly Scalar Zero = 0f.ToScalar();
    private readonly TensorAddress found = TensorAddress.Of(owner.get_parameter(member)!);
    private Tensor pruned = kept.logical_not().DetachFromDisposeScope();

    // The parameters of which a mask prunes something.
    internal static List<MaskedParameter> Of(Module model, PruningMask mask)
    {
        var owners = new ParameterOwners(model);
        var list = new List<MaskedParameter>();
        foreach (var name in mask.Names.Where(name => mask.KeptIn(name) < mask.TotalIn(name)))
        {
            var (owner, member) = owners.Find(name);
            list.Add(new MaskedParameter(name, owner, member, mask[name]));
        }

        return list;
    }

    internal string Name => name;

    internal Module Owner => owner;

    // The parameter's name in its owner.
    internal string Member => member;

    // Borrowed.
    internal Parameter Current => owner.get_parameter(member) ?? throw new InvalidOperationException(
        $"The model no longer has the masked parameter '{name}'. Remove the binding before a model is rebuilt.");

    // Whether it is the parameter of that memory, under whatever name and owner. Module.to gives each owner a parameter of its own, so that
    // one that others share still lies where it was found.
    internal bool IsAt(TensorAddress memory) =>
        found == memory && owner.get_parameter(member) is { IsInvalid: false } now && TensorAddress.Of(now) == memory;

    // True where a weight is pruned; on the device where it was last used. Borrowed.
    internal Tensor Pruned => pruned;

    // Whether a pruned weight is not zero; NaN counts as not zero.
    internal bool IsBroken => Violations().any().ToBoolean();

    internal long CountBroken() => Violations().sum().ToInt64();

    internal void ZeroPruned() => ZeroPruned(Current);

    // Sets the pruned entries of a tensor of the parameter's shape, such as its gradient, to exactly +0.
    internal void ZeroPruned(Tensor tensor)
    {
        MoveTo(tensor);
        tensor.masked_fill_(pruned, Zero);
    }

    public void Dispose() => pruned.Dispose();

    private Tensor Violations()
    {
        var weight = Current;
        MoveTo(weight);
        return weight.ne(Zero).logical_and_(pruned);
    }

    private void MoveTo(Tensor tensor)
    {
        if (tensor.device_type == pruned.device_type && tensor.device_index == pruned.device_index) return;
        using var before = pruned;
        pruned = before.to(tensor.device).DetachFromDisposeScope();
    }
}

// The masked parameters of one layer. IsChecked: its next check may be skipped, because the whole model was just checked.
internal sealed class MaskedLayer(IReadOnlyList<MaskedParameter> parameters)
{
    internal IReadOnlyList<MaskedParameter> Parameters { get; } = parameters;

    internal bool IsChecked { get; set; }
}

// Modules that share a parameter: replacing it in one of them would leave the others with a disposed tensor.
internal static class SharedParameters
{
    internal static HashSet<Module> Of(Module model)
    {
        var owners = new Dictionary<TensorAddress, Module>();
        var sharing = new HashSet<Module>(ReferenceEqualityComparer.Instance);
        foreach (var module in model.named_modules().Select(m => m.module).Prepend(model)
            .Distinct(ReferenceEqualityComparer.Instance).Cast<Module>())
        {
            foreach (var (_, parameter) in module.named_parameters(recurse: false))
            {
                var memory = TensorAddress.Of(parameter);
                if (owners.TryAdd(memory, module)) continue;
                sharing.Add(module);
                sharing.Add(owners[memory]);
            }
        }

        return sharing;
    }
}

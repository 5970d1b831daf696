using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Masking;

// One parameter of a bound model and which of its weights are pruned. Owns that mask, which follows the parameter's device. The parameter
// itself is looked up each time: .to() replaces parameters and disposes the old ones. kept: The mask; copied.
internal sealed class MaskedParameter(string name, Module owner, string member, Tensor kept) : IDisposable
{
    private static readonly Scalar zero = 0f.ToScalar();
    private Tensor pruned = kept.logical_not().DetachFromDisposeScope();

    public string Name => name;

    public Module Owner => owner;

    // The parameter's name in its owner.
    public string Member => member;

    // Today's parameter. Borrowed. InvalidOperationException: The module no longer has it.
    public Parameter Current => owner.get_parameter(member)
        ?? throw new InvalidOperationException($"The model no longer has the masked parameter '{name}'. Remove the binding before a model "
        + "is rebuilt.");

    // Where the mask is, on the device where it was last used. Borrowed.
    public Tensor Pruned => pruned;

    // Whether a pruned weight is not zero; NaN is not.
    public bool IsBroken => Violations().any().ToBoolean();

    public long CountBroken() => Violations().sum().ToInt64();

    // Makes the pruned weights exactly +0.
    public void ZeroPruned() => ZeroPruned(Current);

    // Makes the pruned entries of a tensor that belongs to the parameter, such as its gradient, exactly +0.
    public void ZeroPruned(Tensor tensor)
    {
        Follow(tensor);
        tensor.masked_fill_(pruned, zero);
    }

    public void Dispose() => pruned.Dispose();

    private Tensor Violations()
    {
        var weight = Current;
        Follow(weight);
        return weight.ne(zero).logical_and_(pruned);
    }

    private void Follow(Tensor tensor)
    {
        if (tensor.device_type == pruned.device_type && tensor.device_index == pruned.device_index)
            return;
        using var before = pruned;
        pruned = before.to(tensor.device).DetachFromDisposeScope();
    }
}

// The masked parameters of one layer, and whether the layer may skip its next check because the whole model was just checked.
internal sealed class MaskedLayer(IReadOnlyList<MaskedParameter> parameters)
{
    public IReadOnlyList<MaskedParameter> Parameters { get; } = parameters;

    public bool IsChecked { get; set; }
}

// Modules that have a parameter in common with another module: replacing it in one would leave the other with a tensor that is gone.
internal static class SharedParameters
{
    internal static HashSet<Module> Of(Module model)
    {
        var owners = new Dictionary<IntPtr, Module>();
        var sharing = new HashSet<Module>(ReferenceEqualityComparer.Instance);
        foreach (var module in model.named_modules().Select(m => m.module).Prepend(model)
            .Distinct(ReferenceEqualityComparer.Instance).Cast<Module>())
        foreach (var (_, parameter) in module.named_parameters(recurse: false))
        {
            if (owners.TryAdd(parameter.Handle, module)) continue;
            sharing.Add(module);
            sharing.Add(owners[parameter.Handle]);
        }

        return sharing;
    }
}

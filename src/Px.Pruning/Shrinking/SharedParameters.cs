using static TorchSharp.torch.nn;

namespace Px.Pruning.Shrinking;

/// <summary>Modules that have a parameter in common with another module: replacing it in one would leave the other with a tensor that is gone.</summary>
internal static class SharedParameters
{
    internal static HashSet<Module> Of(Module model)
    {
        var owners = new Dictionary<IntPtr, Module>();
        var sharing = new HashSet<Module>(ReferenceEqualityComparer.Instance);
        foreach (var module in model.named_modules().Select(m => m.module).Prepend(model).Distinct(ReferenceEqualityComparer.Instance).Cast<Module>())
        foreach (var (_, parameter) in module.named_parameters(recurse: false))
        {
            if (owners.TryAdd(parameter.Handle, module)) continue;
            sharing.Add(module);
            sharing.Add(owners[parameter.Handle]);
        }

        return sharing;
    }
}

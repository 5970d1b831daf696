using static TorchSharp.torch.nn;

namespace Px.Pruning.Masking;

// Finds the module that owns a parameter. A native module's parameter may have a dot in its own name: MultiheadAttention's out_proj.weight.
internal sealed class ParameterOwners
{
    private readonly Dictionary<string, Module> modules = new(StringComparer.Ordinal);
    private readonly Module model;

    internal ParameterOwners(Module model)
    {
        this.model = model;
        foreach (var (name, module) in model.named_modules()) modules[name] = module;
    }

    // The innermost module that a parameter's name leads to, and the parameter's name in it.
    internal (Module Owner, string Member) Find(string name)
    {
        int dot = name.LastIndexOf('.');
        while (dot > 0 && !modules.ContainsKey(name[..dot])) dot = name.LastIndexOf('.', dot - 1);
        return dot > 0 ? (modules[name[..dot]], name[(dot + 1)..]) : (model, name);
    }
}

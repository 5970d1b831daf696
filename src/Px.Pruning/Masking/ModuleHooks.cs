using System.Reflection;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace Px.Pruning.Masking;

using Hookable = HookableModule<
    Func<Module<Tensor, Tensor>, Tensor, Tensor>, Func<Module<Tensor, Tensor>, Tensor, Tensor, Tensor>>;
using Hooks = Dictionary<string, Action<Module>>;

// Adds hooks to modules and removes them while other threads call these modules. A call walks through a module's dictionary of hooks, and
// fails if one is added meanwhile; so the dictionary, a protected field of TorchSharp's, is replaced by a changed copy. Should another
// version not have that field, hooks are added and removed as anybody's.
internal static class ModuleHooks
{
    private static readonly FieldInfo? Before = Find("module_pre_hooks"), After = Find("module_post_hooks");

    // Before the module's forward. Returns what removes the hook.
    internal static Action AddBefore(Module<Tensor, Tensor> module, Action<Module> hook) =>
        Before is null ? module.register_forward_pre_hook(hook).remove : Add(Before, module, hook);

    // After it.
    internal static Action AddAfter(Module<Tensor, Tensor> module, Action<Module> hook) =>
        After is null ? module.register_forward_hook(hook).remove : Add(After, module, hook);

    private static Action Add(FieldInfo field, Hookable module, Action<Module> hook)
    {
        var key = Guid.NewGuid().ToString();
        Replace(field, module, hooks => hooks.Add(key, hook));
        return () => Replace(field, module, hooks => hooks.Remove(key));
    }

    private static void Replace(FieldInfo field, Hookable module, Action<Hooks> change)
    {
        lock (field)
        {
            var changed = new Hooks((Hooks)field.GetValue(module)!);
            change(changed);
            field.SetValue(module, changed);
        }
    }

    private static FieldInfo? Find(string name) =>
        typeof(Hookable).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic) is { } field && field.FieldType == typeof(Hooks)
            ? field : null;
}

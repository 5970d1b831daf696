using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>How often hooks see a network's modules run.</summary>
internal static class HookCounts
{
    /// <summary>Puts a hook on every module that is called, whatever it takes and returns: a dictionary that later calls fill.</summary>
    /// <remarks>Module lists are not called.</remarks>
    public static Dictionary<string, int> CountCalls(this nn.Module model)
    {
        var fired = model.named_modules().Where(pair => !pair.module.GetType().Name.StartsWith("ModuleList", StringComparison.Ordinal)).ToDictionary(pair => pair.name, _ => 0);
        foreach (var (name, module) in model.named_modules().Where(pair => fired.ContainsKey(pair.name)))
        {
            switch (module)
            {
                case nn.Module<Tensor, Tensor> one:
                    one.register_forward_hook(_ => fired[name]++);
                    break;
                case nn.Module<Tensor, Tensor, Tensor> two:
                    two.register_forward_hook(_ => fired[name]++);
                    break;
                case nn.Module<Tensor, (Tensor, Tensor)> backbone:
                    backbone.register_forward_hook(_ => fired[name]++);
                    break;
                default:
                    throw new InvalidOperationException($"{name} is a {module.GetType()}.");
            }
        }

        return fired;
    }
}

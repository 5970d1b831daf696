using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Summaries;

// One forward pass with hooks that watch shapes.
internal static class SampleRun
{
    internal static IReadOnlyList<LayerSummary> Observe(nn.Module<Tensor, Tensor> model, long[] inputShape)
    {
        var modules = Walk("", model).DistinctBy(pair => pair.Module, ReferenceEqualityComparer.Instance).ToList();
        var modes = modules.Select(pair => (pair.Module, pair.Module.training)).ToList();
        var seen = new Dictionary<nn.Module, (long[] Shape, long Flops)>();
        var hooks = new List<nn.Module<Tensor, Tensor>.HookRemover>();
        try
        {
            foreach (var module in modules.Select(pair => pair.Module).OfType<nn.Module<Tensor, Tensor>>())
                hooks.Add(module.register_forward_hook(Watch));
            model.eval();
            Run(model, inputShape);
        }
        finally
        {
            foreach (var hook in hooks)
                hook.remove();
            // A parent sets its children's modes too, and comes before them.
            foreach (var (module, training) in modes.Where(mode => mode.Module.training != mode.training))
                module.train(training);
        }

        return [.. modules.Where(pair => IsLayer(pair.Module)).Select(pair => Summarize(pair.Name, pair.Module))];

        Tensor Watch(nn.Module<Tensor, Tensor> module, Tensor input, Tensor output)
        {
            seen[module] = (output.shape, seen.GetValueOrDefault(module).Flops + Flops(module, input, output));
            return null!;
        }

        LayerSummary Summarize(string name, nn.Module module)
        {
            var (shape, flops) = seen.GetValueOrDefault(module);
            return new()
            {
                Name = name,
                Kind = module.GetType().Name,
                OutputShape = shape?[1..],
                Parameters = module.parameters(recurse: false).Sum(parameter => parameter.numel()),
                Flops = flops,
            };
        }
    }

    private static void Run(nn.Module<Tensor, Tensor> model, long[] inputShape)
    {
        using var temporaries = NewDisposeScope();
        using var untracked = no_grad();
        var like = model.parameters().FirstOrDefault();
        model.call(zeros([1, .. inputShape], like?.dtype ?? ScalarType.Float32, like?.device));
    }

    private static long Flops(nn.Module module, Tensor input, Tensor output) => module switch
    {
        // The places are pixels: of the output, into which a convolution gathers, or of the input, from which a transposed one scatters.
        Convolution convolution =>
            2 * convolution.weight.numel() * Product((convolution.transposed ? input : output).shape[^convolution.kernel_size.Length..]),
        Linear linear => 2 * linear.weight.numel() * Product(output.shape[1..^1]),
        _ => 0,
    };

    private static long Product(long[] sizes) => sizes.Aggregate(1L, (product, size) => product * size);

    private static bool IsLayer(nn.Module module) => !module.named_children().Any() || module.parameters(recurse: false).Any();

    // The module and all inside it, depth first, where named_modules goes level by level.
    private static IEnumerable<(string Name, nn.Module Module)> Walk(string name, nn.Module module)
    {
        yield return (name, module);
        foreach (var (child, inner) in module.named_children())
        {
            foreach (var found in Walk(name.Length == 0 ? child : $"{name}.{child}", inner))
                yield return found;
        }
    }
}

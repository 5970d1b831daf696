using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// Finds layers that the model calls through forward instead of call, so that no hook sees them.
internal static class UnhookedLayers
{
    // Names of layers that no hook saw in the last run but whose parameters the output depends on; any other such layer is unused.
    internal static IReadOnlyList<string> Find(Network network, Inputs sample)
    {
        // A layer that shares its weight with one that was called is known by that one.
        var called = network.Modules.Where(hooked => hooked.WasCalled && hooked.Weighted is not null)
            .Select(hooked => hooked.Weighted!.Weight.Handle).ToHashSet();
        List<(string Name, Parameter Parameter)> quiet =
        [
            .. from hooked in network.Modules
               where !hooked.WasCalled
               let parameter = hooked.Weighted?.Weight ?? hooked.Norm?.Gamma as Parameter
               where parameter is not null && !called.Contains(parameter.Handle)
               select (hooked.Name, parameter),
        ];
        if (quiet.Count == 0) return [];

        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        using var borrowed = new BorrowedGradients(quiet.Select(layer => layer.Parameter));
        try
        {
            var output = network.Call(sample.To(quiet[0].Parameter.dtype)).sum();
            if (!output.requires_grad) return [];
            autograd.backward([output], inputs: quiet.Select(layer => (Tensor)layer.Parameter).ToList());
        }
        catch (ExternalException)
        {
            // A network that runs, but not where gradients are taken: only methods that take none can score it.
            return [];
        }

        return [.. quiet.Where(layer => layer.Parameter.grad is not null).Select(layer => layer.Name)];
    }
}

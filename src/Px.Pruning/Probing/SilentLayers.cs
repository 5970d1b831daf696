using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>Finds layers that take part in the network although no hook saw them: their owner calls <c>forward</c> instead of <c>call</c>.</summary>
internal static class SilentLayers
{
    /// <summary>
    /// Names of layers that never fired in the last run but whose parameters the output depends on. A layer that never fired and
    /// that nothing depends on is merely unused.
    /// </summary>
    internal static IReadOnlyList<string> Find(Network network, Tensor sample)
    {
        List<(string Name, Parameter Parameter)> quiet =
        [
            .. from site in network.Sites
               where !site.Fired
               let parameter = site.Weighted?.Weight ?? site.Norm?.Gamma as Parameter
               where parameter is not null
               select (site.Name, parameter),
        ];
        if (quiet.Count == 0) return [];

        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        using var borrowed = new BorrowedGradients(quiet.Select(layer => layer.Parameter));
        var output = network.Model.call(sample.to(quiet[0].Parameter.dtype)).sum();
        if (!output.requires_grad) return [];
        autograd.backward([output], inputs: quiet.Select(layer => (Tensor)layer.Parameter).ToList());
        return [.. quiet.Where(layer => layer.Parameter.grad is not null).Select(layer => layer.Name)];
    }
}

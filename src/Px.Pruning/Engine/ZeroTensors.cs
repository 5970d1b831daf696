using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// Weights and norm scales of which every number is zero, so that nothing passes them: a classifier that begins at zero, a block that begins
// as the identity.
internal static class ZeroTensors
{
    // Each one's name, and that of its layer, in the model's order.
    internal static List<(string Tensor, string Layer)> Find(Network network)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return
        [
            .. from hooked in network.Modules
               let tensor = hooked.Weighted?.Weight ?? hooked.Norm?.Gamma
               where (hooked.WasCalled || !network.IsSeenWhole) && tensor is not null && tensor.count_nonzero().ToInt64() == 0
               select (hooked.Weighted?.Slot.Name ?? $"{hooked.Name}.weight", hooked.Name),
        ];
    }
}

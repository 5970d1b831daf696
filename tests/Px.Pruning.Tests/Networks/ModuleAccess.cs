using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

internal static class ModuleAccess
{
    /// <summary>The bias of a layer by the layer's name.</summary>
    internal static Parameter BiasOf(this Module model, string layer) => model.get_parameter(layer + ".bias")!;
}

using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>One weight parameter of the network, ranked or not; layers that share it read the same slot.</summary>
internal sealed class WeightSlot(int index, string name, WeightedLayer layer, bool prunable)
{
    /// <summary>Position among all slots.</summary>
    internal int Index { get; } = index;

    /// <summary>The parameter's name in the state dict.</summary>
    internal string Name { get; } = name;

    /// <summary>The first layer that uses it.</summary>
    internal WeightedLayer Layer { get; } = layer;

    internal bool Prunable { get; } = prunable;

    /// <summary>The live parameter, detached: shares its memory, takes part in no graph. Fresh handle.</summary>
    internal Tensor Detached() => Layer.Weight.detach();
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// One parameter of the network: the weight of a layer, ranked or not, which layers that share it read from the same slot; or any other that
// the selection includes, which has no layer.
internal sealed class WeightSlot
{
    private readonly WeightedLayer? layer;
    private readonly Func<Parameter> find;

    internal WeightSlot(int index, string name, WeightedLayer layer, bool prunable) =>
        (Index, Name, Module, Prunable, this.layer, find) = (index, name, layer.Module, prunable, layer, () => layer.Weight);

    // find: looks the parameter up.
    internal WeightSlot(string name, nn.Module owner, Func<Parameter> find) =>
        (Index, Name, Module, Prunable, this.find) = (-1, name, owner, true, find);

    // The position in Network.Slots; no other list of weights is indexed by number.
    internal int Index { get; }

    internal string Name { get; }

    // The module that owns it.
    internal nn.Module Module { get; }

    internal bool Prunable { get; set; }

    internal bool HasLayer => layer is not null;

    internal WeightedLayer Layer => layer ?? throw new InvalidOperationException($"'{Name}' is the weight of no layer.");

    // Looked up anew each time, since Module.to replaces it.
    internal Parameter Weight => find();

    // The output units whose weights are ranked, where the others feed only gates; null for all of them.
    internal long[]? RankedUnits { get; set; }

    // How many weights are ranked.
    internal long Ranked => RankedUnits is null ? Weight.numel() : RankedUnits.Length * (Weight.numel() / Units);

    // Where its inputs lie; null without a layer.
    internal InputAxis? Inputs => layer is null ? null : InputAxis.Of(Weight.shape, layer.Transposed, layer.Groups);

    internal long Units => Weight.size(UnitDimension);

    private int UnitDimension => Layer.Transposed ? 1 : 0;

    // The ranked part of a tensor in the weight's shape, on the CPU. Borrowed where it is all of it.
    internal Tensor RankedPart(Tensor whole) =>
        RankedUnits is null ? whole : whole.index_select(UnitDimension, tensor(RankedUnits));

    // The whole mask with a mask of the ranked part; the other weights as in others, or kept.
    internal Tensor WholeMask(Tensor part, Tensor? others)
    {
        if (RankedUnits is null) return part;
        var whole = others?.clone() ?? ones(Weight.shape, ScalarType.Bool);
        return whole.index_copy_(UnitDimension, tensor(RankedUnits), part).contiguous();
    }

    // The live parameter's memory, in no graph. Fresh handle.
    internal Tensor Detached() => Weight.detach();
}

using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// What a report needs to know of a layer, beyond its mask. Shape is the parameter's: [out, in / groups, …], or [in, out / groups, …] where
// transposed. Positions is how often a sample uses each weight (output positions, input positions where transposed), null if unknown.
internal sealed record LayerInfo(string Name, string Type, long[] Shape, bool Transposed, long Groups, long? Positions)
{
    // Whether its output and input units are known; otherwise it counts none.
    internal bool HasUnits { get; init; } = true;

    internal long Weights => Shape.Aggregate(1L, (product, size) => product * size);

    internal long Outputs => !HasUnits ? 0 : Transposed ? Groups * Shape[1] : Shape[0];

    internal long Inputs => !HasUnits ? 0 : Transposed ? Shape[0] : Groups * Shape[1];

    internal InputAxis? InputAxis => HasUnits ? Px.Pruning.InputAxis.Of(Shape, Transposed, Groups) : null;

    // Output, and input, units with at least one weight of a mask.
    internal long OutputsIn(Tensor mask) => UnitsIn(mask, Transposed ? 1 : 2);

    internal long InputsIn(Tensor mask) => UnitsIn(mask, Transposed ? 2 : 1);

    private long UnitsIn(Tensor mask, long others)
    {
        if (mask.numel() == 0 || !HasUnits) return 0;
        using var temporaries = NewDisposeScope();
        // [groups, out / groups, in / groups], transposed [groups, in / groups, out / groups]
        var pairs = mask.reshape(Groups, Shape[0] / Groups, Shape[1], -1).any(3);
        return pairs.any(others).sum().ToInt64();
    }
}

using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

/// <summary>What a report needs to know of a layer, beyond its mask.</summary>
/// <param name="Name">The parameter's name, for example <c>layer1.0.conv1.weight</c>.</param>
/// <param name="Type">The layer's type, for example <c>Conv2d</c>.</param>
/// <param name="Shape">The parameter's shape: [out, in / groups, …], or [in, out / groups, …] where transposed.</param>
/// <param name="Transposed">Whether this is a transposed convolution.</param>
/// <param name="Groups">The layer's groups, 1 for linear layers.</param>
/// <param name="Positions">
/// How often a sample uses each weight: output positions, input positions where transposed; null where it is not known.
/// </param>
internal sealed record LayerInfo(string Name, string Type, long[] Shape, bool Transposed, long Groups, long? Positions)
{
    internal long Weights => Shape.Aggregate(1L, (product, size) => product * size);

    internal long Outputs => Transposed ? Groups * Shape[1] : Shape[0];

    internal long Inputs => Transposed ? Shape[0] : Groups * Shape[1];

    /// <summary>Output units with at least one weight of a mask.</summary>
    internal long OutputsIn(Tensor mask) => UnitsIn(mask, Transposed ? 1 : 2);

    /// <summary>Input units with at least one weight of a mask.</summary>
    internal long InputsIn(Tensor mask) => UnitsIn(mask, Transposed ? 2 : 1);

    private long UnitsIn(Tensor mask, long others)
    {
        if (mask.numel() == 0) return 0;
        using var temporaries = NewDisposeScope();
        var pairs = mask.reshape(Groups, Shape[0] / Groups, Shape[1], -1).any(3); // [groups, out / groups, in / groups], transposed [groups, in / groups, out / groups]
        return pairs.any(others).sum().ToInt64();
    }
}

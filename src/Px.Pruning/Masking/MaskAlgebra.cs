using static TorchSharp.torch;

namespace Px.Pruning.Masking;

/// <summary>Operations on two masks over the same parameters.</summary>
internal static class MaskAlgebra
{
    /// <summary>|A ∩ B|: how many weights both masks keep.</summary>
    public static long CountCommon(PruningMask a, PruningMask b)
    {
        MaskMismatch.ThrowIfAny(a, b);
        using var scope = NewDisposeScope();
        return a.Names.Sum(name => MaskTensors.CountTrue(a[name].logical_and(b[name])));
    }

    /// <summary>A new mask, one parameter after the other, in the order of <paramref name="a"/>.</summary>
    public static PruningMask Combine(PruningMask a, PruningMask b, Func<Tensor, Tensor, Tensor> combine)
    {
        MaskMismatch.ThrowIfAny(a, b);
        using var scope = NewDisposeScope();
        return PruningMask.Adopt(a.Names.Select(name => KeyValuePair.Create(name, combine(a[name], b[name]))));
    }
}

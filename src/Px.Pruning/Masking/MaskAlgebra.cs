using static TorchSharp.torch;

namespace Px.Pruning.Masking;

/// <summary>Operations on two masks over the same parameters.</summary>
internal static class MaskAlgebra
{
    /// <summary>|A ∩ B|: how many weights both masks keep.</summary>
    public static long CountCommon(PruningMask a, PruningMask b)
    {
        MaskMismatch.ThrowIfAny(a, b);
        return a.Names.Sum(name => CountCommon(a, b, name));
    }

    /// <summary>|A ∩ B| in one parameter, which both masks have in one shape.</summary>
    public static long CountCommon(PruningMask a, PruningMask b, string name)
    {
        using var both = a[name].logical_and(b[name]);
        return MaskTensors.CountTrue(both);
    }

    /// <summary>|A ∩ B| / min(|A|, |B|); 1 where both are empty, 0 where only one is.</summary>
    public static double Overlap(double common, long a, long b) => a == 0 && b == 0 ? 1 : common == 0 ? 0 : common / Math.Min(a, b);

    /// <summary>|A ∩ B| / |A ∪ B|; 1 where both are empty.</summary>
    public static double Jaccard(long common, long a, long b) => a + b == common ? 1 : (double)common / (a + b - common);

    /// <summary>A new mask, one parameter after the other, in the order of <paramref name="a"/>.</summary>
    public static PruningMask Combine(PruningMask a, PruningMask b, Func<Tensor, Tensor, Tensor> combine)
    {
        MaskMismatch.ThrowIfAny(a, b);
        using var scope = NewDisposeScope();
        return PruningMask.Adopt(a.Names.Select(name => KeyValuePair.Create(name, combine(a[name], b[name]))));
    }
}

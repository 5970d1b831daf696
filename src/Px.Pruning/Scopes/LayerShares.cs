namespace Px.Pruning.Scopes;

/// <summary>How many weights a layer shall keep in proportion to the others, from its weight's shape [a, b, k₁, k₂, …].</summary>
/// <remarks>
/// Whole numbers: density times weights with the denominator cancelled. The formulas do not tell a from b, so that the layout of
/// transposed convolutions needs no case of its own.
/// </remarks>
internal static class LayerShares
{
    /// <summary>All weights: every layer has the same density.</summary>
    public static long Uniform(long[] shape) => Product(shape);

    /// <summary><c>(a + b) / (a·b) · a·b·Πk = (a + b)·Πk</c>.</summary>
    public static long ErdosRenyi(long[] shape) => shape[..2].Sum() * Product(shape[2..]);

    /// <summary><c>(a + b + Σk) / (a·b·Πk) · a·b·Πk = a + b + Σk</c>.</summary>
    public static long ErdosRenyiKernel(long[] shape) => shape.Sum();

    private static long Product(long[] sizes) => sizes.Aggregate(1L, (product, size) => product * size);
}

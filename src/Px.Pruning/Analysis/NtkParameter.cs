using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Analysis;

/// <summary>One tensor of parameters, as columns of the Jacobian.</summary>
/// <param name="Leaf">Where gradients arrive. Borrowed.</param>
/// <param name="Kept">Places of the kept weights in the flattened tensor, int64; null for all. Owned.</param>
/// <param name="Pruned">A bool tensor in the leaf's shape, true where a weight is pruned; null for nowhere. Owned.</param>
internal sealed record NtkParameter(Tensor Leaf, Tensor? Kept, Tensor? Pruned) : IDisposable
{
    /// <summary>Columns: kept weights.</summary>
    internal long Count { get; } = Kept?.numel() ?? Leaf.numel();

    /// <param name="leaf">Where gradients arrive.</param>
    /// <param name="kept">A bool tensor in the leaf's shape; null where nothing is pruned.</param>
    internal static NtkParameter Create(Tensor leaf, Tensor? kept)
    {
        if (kept is null) return new(leaf, null, null);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (kept.all().ToBoolean()) return new(leaf, null, null);
        var there = kept.to(leaf.device);
        return new(leaf, there.flatten().nonzero().flatten().DetachFromDisposeScope(), there.logical_not().DetachFromDisposeScope());
    }

    /// <summary>The gradients of so many kept weights, flat. Fresh.</summary>
    internal Tensor Columns(Tensor gradient, long start, long count)
    {
        using var scope = NewDisposeScope();
        var flat = gradient.flatten();
        var columns = Kept is null ? flat.narrow(0, start, count) : flat.index_select(0, Kept.narrow(0, start, count));
        return columns.MoveToOuterDisposeScope();
    }

    /// <summary>A tensor in the leaf's shape with 0 where a weight is pruned. Fresh.</summary>
    internal Tensor Mask(Tensor tensor) => Pruned is null ? tensor.alias() : tensor.masked_fill(Pruned, 0);

    public void Dispose()
    {
        Kept?.Dispose();
        Pruned?.Dispose();
    }
}

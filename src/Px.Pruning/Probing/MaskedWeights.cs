using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>The network's weights under the current mask, made one layer at a time. Owns the masks' device copies.</summary>
internal sealed class MaskedWeights : IDisposable
{
    private readonly IReadOnlyList<WeightSlot> slots;
    private readonly Tensor?[] pruned;

    /// <param name="network">Whose weights.</param>
    /// <param name="alive">A bool tensor for each prunable slot, true where the weight is kept; null while nothing is pruned.</param>
    internal MaskedWeights(Network network, IReadOnlyList<Tensor>? alive)
    {
        slots = network.Slots;
        pruned = new Tensor?[slots.Count];
        if (alive is null) return;
        for (int i = 0; i < alive.Count; i++)
        {
            using var onDevice = alive[i].to(network.Device);
            pruned[network.Prunable[i].Index] = onDevice.logical_not().DetachFromDisposeScope();
        }
    }

    /// <summary>θ ⊙ m. Fresh, in no graph.</summary>
    internal Tensor Theta(int slot, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var theta = slots[slot].Detached().to(dtype);
        return (pruned[slot] is { } gone ? theta.masked_fill(gone, 0) : theta).MoveToOuterDisposeScope();
    }

    /// <summary>θ² ⊙ m. Fresh, in no graph.</summary>
    internal Tensor SquaredTheta(int slot, ScalarType dtype)
    {
        using var theta = Theta(slot, dtype);
        return theta.square();
    }

    /// <summary>1 ⊙ m: weights of the path activation network. Fresh.</summary>
    internal Tensor Ones(int slot, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var weight = slots[slot].Detached();
        var ones = pruned[slot] is { } gone ? gone.logical_not().to(dtype) : ones_like(weight, dtype);
        return ones.MoveToOuterDisposeScope();
    }

    /// <summary>θ² ⊙ m as leaves of a new graph, one for each slot; prunable ones collect gradients. Fresh.</summary>
    internal Tensor[] SquaredLeaves(ScalarType dtype)
    {
        using var noGrad = no_grad();
        var leaves = new Tensor[slots.Count];
        for (int i = 0; i < leaves.Length; i++)
        {
            leaves[i] = SquaredTheta(i, dtype);
            leaves[i].requires_grad = slots[i].Prunable;
        }

        return leaves;
    }

    public void Dispose()
    {
        foreach (var mask in pruned) mask?.Dispose();
    }
}

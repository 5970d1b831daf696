using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>The network's weights under the current mask, made one layer at a time. Owns the masks' device copies.</summary>
internal sealed class MaskedWeights : IDisposable
{
    private readonly IReadOnlyList<WeightSlot> slots;
    private readonly Tensor?[] masks;

    /// <param name="network">Whose weights.</param>
    /// <param name="alive">A bool tensor for each prunable slot, true where the weight is kept; null while nothing is pruned.</param>
    internal MaskedWeights(Network network, IReadOnlyList<Tensor>? alive)
    {
        slots = network.Slots;
        masks = new Tensor?[slots.Count];
        if (alive is null) return;
        for (int i = 0; i < alive.Count; i++)
            masks[network.Prunable[i].Index] = alive[i].to(ScalarType.Byte, network.Device).DetachFromDisposeScope(); // libtorch multiplies by bool slowly
    }

    /// <summary>θ ⊙ m, in no graph. Where nothing is pruned or converted it shares the parameter's memory: not to be written to.</summary>
    internal Tensor Theta(int slot, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var theta = slots[slot].Detached().to(dtype);
        return (masks[slot] is { } mask ? theta * mask : theta).MoveToOuterDisposeScope();
    }

    /// <summary>θ ⊙ m of every prunable slot, in the dtype that the network is scored in. Fresh copies, in no graph.</summary>
    internal IReadOnlyList<Tensor> Thetas(Network network) => [.. network.Prunable.Select(slot =>
    {
        using var theta = Theta(slot.Index, network.ComputeType);
        return theta.clone();
    })];

    /// <summary>A tensor of the slot's shape with 0 where the weight is pruned. Fresh.</summary>
    internal Tensor Mask(int slot, Tensor tensor) => masks[slot] is { } mask ? tensor * mask : tensor.alias();

    /// <summary>|θ| ⊙ m. Fresh, in no graph.</summary>
    internal Tensor AbsoluteTheta(int slot, ScalarType dtype) => Copy(slot, dtype).abs_();

    /// <summary>θ² ⊙ m. Fresh, in no graph.</summary>
    internal Tensor SquaredTheta(int slot, ScalarType dtype)
    {
        var theta = Copy(slot, dtype);
        return theta.mul_(theta);
    }

    /// <summary>1 ⊙ m: weights of the path activation network. Fresh.</summary>
    internal Tensor Ones(int slot, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var weight = slots[slot].Detached();
        var ones = masks[slot] is { } mask ? mask.to(dtype) : ones_like(weight, dtype);
        return ones.MoveToOuterDisposeScope();
    }

    /// <summary>θ² ⊙ m as leaves of a new graph, one for each slot; prunable ones collect gradients. Fresh.</summary>
    internal Tensor[] SquaredLeaves(ScalarType dtype) => Leaves(SquaredTheta, dtype);

    /// <summary>Tensors of one kind as leaves of a new graph, one for each slot; prunable ones collect gradients. Fresh.</summary>
    internal Tensor[] Leaves(Func<int, ScalarType, Tensor> kind, ScalarType dtype)
    {
        using var noGrad = no_grad();
        var leaves = new Tensor[slots.Count];
        for (int i = 0; i < leaves.Length; i++)
        {
            leaves[i] = kind(i, dtype);
            leaves[i].requires_grad = slots[i].Prunable;
        }

        return leaves;
    }

    /// <summary>θ ⊙ m in memory of its own. Nothing is made beside it: what is freed between tensors that stay is a hole that larger ones do not fit.</summary>
    private Tensor Copy(int slot, ScalarType dtype)
    {
        using var theta = slots[slot].Detached();
        var copy = theta.to(dtype, copy: true);
        return masks[slot] is { } mask ? copy.mul_(mask) : copy;
    }

    public void Dispose()
    {
        foreach (var mask in masks) mask?.Dispose();
    }
}

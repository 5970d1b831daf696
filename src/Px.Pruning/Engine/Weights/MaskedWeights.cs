using static TorchSharp.torch;

namespace Px.Pruning.Engine.Weights;

// The network's weights under a mask, computed one layer at a time. Owns copies of the masks on the network's device.
internal sealed class MaskedWeights : IDisposable
{
    private readonly Network network;
    private readonly SlotTensors? masks;

    // alive: a bool tensor for each prunable weight, true where it is kept; null if nothing is pruned.
    internal MaskedWeights(Network network, SlotTensors? alive)
    {
        this.network = network;
        // libtorch multiplies by bool slowly.
        masks = alive?.Map((_, mask) => mask.to(ScalarType.Byte, network.Device).DetachFromDisposeScope());
    }

    // θ ⊙ m, in no graph. Read-only: where nothing is pruned or converted it shares the parameter's memory.
    internal Tensor Theta(WeightSlot slot, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        return Mask(slot, slot.Detached().to(dtype)).MoveToOuterDisposeScope();
    }

    // θ ⊙ m of every prunable weight, in the type that the network is scored in. Fresh copies, in no graph.
    internal SlotTensors Thetas() => new(network.Prunable, slot =>
    {
        using var theta = Theta(slot, network.ComputeType);
        return theta.clone();
    });

    // A tensor of the weight's shape with 0 where it is pruned. Fresh.
    internal Tensor Mask(WeightSlot slot, Tensor tensor) => masks?.Find(slot) is { } mask ? tensor * mask : tensor.alias();

    internal SlotTensors Mask(SlotTensors tensors) => tensors.Map(Mask);

    // |θ| ⊙ m, θ² ⊙ m and 1 ⊙ m. Fresh, in no graph.
    internal Tensor AbsoluteTheta(WeightSlot slot, ScalarType dtype) => Copy(slot, dtype).abs_();

    internal Tensor SquaredTheta(WeightSlot slot, ScalarType dtype)
    {
        var theta = Copy(slot, dtype);
        return theta.mul_(theta);
    }

    internal Tensor Ones(WeightSlot slot, ScalarType dtype) =>
        masks?.Find(slot) is { } mask ? mask.to(dtype, copy: true) : ones(slot.Weight.shape, dtype, network.Device);

    internal SlotTensors SquaredLeaves(ScalarType dtype) => Leaves(SquaredTheta, dtype);

    // A leaf of a new graph for each weight; prunable ones collect gradients. Fresh.
    internal SlotTensors Leaves(Func<WeightSlot, ScalarType, Tensor> kind, ScalarType dtype)
    {
        using var noGrad = no_grad();
        return new(network.Slots, slot =>
        {
            var leaf = kind(slot, dtype);
            leaf.requires_grad = slot.Prunable;
            return leaf;
        });
    }

    // θ ⊙ m in memory of its own, without temporaries, which would fragment the memory between tensors that stay.
    private Tensor Copy(WeightSlot slot, ScalarType dtype)
    {
        using var theta = slot.Detached();
        var copy = theta.to(dtype, copy: true);
        return masks?.Find(slot) is { } mask ? copy.mul_(mask) : copy;
    }

    public void Dispose()
    {
        foreach (var mask in masks?.Values ?? []) mask.Dispose();
    }
}

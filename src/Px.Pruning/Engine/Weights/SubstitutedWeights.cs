using Px.Pruning.Engine.Norms;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Weights;

// Weights that hooks substitute for the caller's, as leaves of a graph of their own: gradients never reach the model. Owns them.
internal sealed class SubstitutedWeights : WeightFunction
{
    private readonly Dictionary<WeightSlot, Tensor> leaves;
    private readonly IGradientNorms norms;
    private SlotTensors? ranked;

    internal SubstitutedWeights(Network network, IGradientNorms norms) : base(network)
    {
        this.norms = norms;
        using var noGrad = no_grad();
        leaves = network.Slots.ToDictionary(slot => slot, slot =>
        {
            using var weight = slot.Detached();
            return weight.to(network.ComputeType).DetachFromDisposeScope();
        });
    }

    internal override SlotTensors Weights => ranked ?? throw new InvalidOperationException("No weights were set.");

    internal override bool KeepsGraphs => true;

    internal bool TrainsBiases { get; init; }

    internal bool OwnsNorms { get; init; } = true;

    internal override void Set(SlotTensors values)
    {
        using var noGrad = no_grad();
        foreach (var (slot, value) in values)
        {
            leaves[slot].Dispose();
            leaves[slot] = value.detach().to(Network.ComputeType, Network.Device, copy: true).requires_grad_().DetachFromDisposeScope();
        }

        ranked = new SlotTensors(Network.Prunable, slot => leaves[slot]);
    }

    internal override Tensor Run(Inputs input) =>
        Network.Run(new GradientEvaluation(slot => leaves[slot], norms) { TrainsBiases = TrainsBiases }, input);

    internal override void FreezeNorms(Inputs input)
    {
        using var noGrad = no_grad();
        norms.Watch(() => Run(input).Dispose());
    }

    // The same function with weights of its own; the norm layers' constants are shared. To be disposed before this one.
    internal SubstitutedWeights Fork() => new(Network, norms) { OwnsNorms = false };

    public override void Dispose()
    {
        foreach (var leaf in leaves.Values) leaf.Dispose();
        if (OwnsNorms) norms.Dispose();
    }
}

// The network itself, biases included, with its weights as leaves of a graph: gradients never reach the caller's parameters.
internal sealed class GradientEvaluation(Func<WeightSlot, Tensor> weight, IGradientNorms norms) : Evaluation
{
    // Whether gradients flow to the caller's biases.
    internal bool TrainsBiases { get; init; }

    internal override bool Replaces(HookedModule hooked) => hooked.Weighted is not null || hooked.Norm is not null;

    internal override Tensor? Value(RawTensor raw, ScalarType dtype) =>
        TrainsBiases && raw.Tensor.dtype != dtype ? raw.Tensor.to(dtype) : base.Value(raw, dtype);

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        if (hooked.Norm is { } norm) return norms.Normalize(norm, input);
        var leaf = weight(hooked.Weighted!.Slot);
        // A model may convert what flows through it to a type of its own.
        using var converted = input.dtype == leaf.dtype ? null : input.to(leaf.dtype);
        using var found = TrainsBiases ? hooked.Weighted.Bias?.alias() : hooked.Weighted.Bias?.detach();
        using var bias = found?.to(leaf.dtype);
        return hooked.Weighted.Apply(converted ?? input, leaf, bias);
    }
}

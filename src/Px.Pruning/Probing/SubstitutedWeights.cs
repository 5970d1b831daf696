using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>Weights that hooks put in place of the caller's, as leaves of a graph of their own: gradients never reach the model. Owns them.</summary>
internal sealed class SubstitutedWeights : WeightFunction
{
    private readonly Tensor[] leaves;
    private readonly IGradientNorms norms;
    private IReadOnlyList<Tensor> ranked = [];
    private bool borrowsNorms;

    internal SubstitutedWeights(Network network, IGradientNorms norms) : base(network)
    {
        this.norms = norms;
        using var noGrad = no_grad();
        leaves = [.. network.Slots.Select(slot =>
        {
            using var weight = slot.Detached();
            return weight.to(network.ComputeType).DetachFromDisposeScope();
        })];
    }

    internal override IReadOnlyList<Tensor> Weights => ranked;

    internal override bool KeepsGraphs => true;

    internal override void Set(IReadOnlyList<Tensor> values)
    {
        using var noGrad = no_grad();
        for (int i = 0; i < values.Count; i++)
        {
            int slot = Network.Prunable[i].Index;
            leaves[slot].Dispose();
            leaves[slot] = values[i].detach().to(Network.ComputeType, Network.Device, copy: true).requires_grad_().DetachFromDisposeScope();
        }

        ranked = [.. Network.Prunable.Select(slot => leaves[slot.Index])];
    }

    /// <summary>Whether gradients flow to the caller's biases.</summary>
    internal bool TrainsBiases { get; init; }

    internal override Tensor Run(Tensor input) => Network.Run(new GradientEvaluation(leaves, norms) { TrainsBiases = TrainsBiases }, input);

    internal override void FreezeNorms(Tensor input)
    {
        using var noGrad = no_grad();
        norms.Watch(() => Run(input).Dispose());
    }

    /// <summary>The same function with room for other weights: norm layers share what they keep. To be disposed first.</summary>
    internal SubstitutedWeights Twin() => new(Network, norms) { borrowsNorms = true };

    public override void Dispose()
    {
        foreach (var leaf in leaves) leaf.Dispose();
        if (!borrowsNorms) norms.Dispose();
    }
}

/// <summary>The network itself, biases included, with its weights as leaves of a graph: gradients never reach the caller's parameters.</summary>
/// <param name="leaves">One weight for each slot, in the input's dtype.</param>
/// <param name="norms">What normalisation layers do.</param>
internal sealed class GradientEvaluation(IReadOnlyList<Tensor> leaves, IGradientNorms norms) : Evaluation
{
    /// <summary>Whether gradients flow to the caller's biases.</summary>
    internal bool TrainsBiases { get; init; }

    internal override bool Replaces(Site site) => site.Weighted is not null || site.Norm is not null;

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (site.Norm is { } norm) return norms.Normalize(norm, input);
        using var found = TrainsBiases ? site.Weighted!.Bias?.alias() : site.Weighted!.Bias?.detach();
        using var bias = found?.to(input.dtype);
        return site.Weighted.Apply(input, leaves[site.Weighted.Slot], bias);
    }
}

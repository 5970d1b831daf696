using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

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

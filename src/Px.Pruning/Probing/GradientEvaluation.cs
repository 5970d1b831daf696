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

    /// <summary>Whether batch norm reads a feature map as a matrix, where its channels lie innermost.</summary>
    internal bool NormalizesRows { get; init; }

    internal override bool Replaces(Site site) => site.Weighted is not null || site.Norm is not null;

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (site.Norm is { } norm) return NormalizesRows && norm.IsBatchNorm ? NormalizeRows(norm, input) : norms.Normalize(norm, input);
        using var found = TrainsBiases ? site.Weighted!.Bias?.alias() : site.Weighted!.Bias?.detach();
        using var bias = found?.to(input.dtype);
        return site.Weighted.Apply(input, leaves[site.Weighted.Slot], bias);
    }

    /// <summary>
    /// The same numbers from a row for each pixel. libtorch's second derivative of batch norm sums over one dimension after the other, which is
    /// slow where channels lie innermost and fast over rows.
    /// </summary>
    private Tensor NormalizeRows(NormLayer norm, Tensor input)
    {
        using var scope = NewDisposeScope();
        var pixels = input.movedim([1], [-1]);
        if (input.is_contiguous() || !pixels.is_contiguous()) return norms.Normalize(norm, input).MoveToOuterDisposeScope();
        var rows = norms.Normalize(norm, pixels.reshape(-1, input.size(1)));
        // A copy: through a view, an activation in place would be differentiated slowly.
        return rows.reshape(pixels.shape).movedim([-1], [1]).clone().MoveToOuterDisposeScope();
    }
}

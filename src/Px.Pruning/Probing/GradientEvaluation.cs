using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>The masked network with its weights as leaves of a graph of its own: gradients never reach the caller's parameters.</summary>
internal sealed class GradientEvaluation(IReadOnlyList<Tensor> leaves, NormStatistics statistics) : Evaluation
{
    internal override bool Replaces(Site site) => site.Weighted is not null || site.Norm is not null;

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (site.Norm is { } norm) return norm.UsesBatch(statistics) ? norm.NormalizeBatch(input) : norm.NormalizeRunning(input);
        using var bias = site.Weighted!.Bias?.detach().to(input.dtype);
        return site.Weighted.Apply(input, leaves[site.Weighted.Slot], bias);
    }
}

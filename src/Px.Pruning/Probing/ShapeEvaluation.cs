using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>The network as it is in evaluation mode, but in the dtype of its input; each weighted layer notes its shapes.</summary>
internal sealed class ShapeEvaluation : Evaluation
{
    /// <summary>Whether layers count this pass among the uses of their weights.</summary>
    internal bool NotesShapes { get; init; } = true;

    internal override bool Replaces(Site site) => site.Weighted is not null || site.Norm is not null;

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (site.Norm is { } norm) return norm.UsesBatch(NormStatistics.Running) ? norm.NormalizeBatch(input) : norm.NormalizeRunning(input);
        using var weight = site.Weighted!.Weight.detach().to(input.dtype);
        using var bias = site.Weighted.Bias?.detach().to(input.dtype);
        var output = site.Weighted.Apply(input, weight, bias);
        if (NotesShapes) site.Weighted.Observe(input, output);
        return output;
    }
}

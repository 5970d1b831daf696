using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>The network as it is in evaluation mode, but in the dtype of its input; each weighted layer notes its shapes.</summary>
internal sealed class ShapeEvaluation : Evaluation
{
    /// <summary>Whether layers count this pass among the uses of their weights.</summary>
    internal bool NotesShapes { get; init; } = true;

    /// <summary>Whether weighted layers compute; otherwise they hand on zeros of the right shape.</summary>
    internal bool Computes { get; init; } = true;

    internal override bool Replaces(Site site) => site.Weighted is not null || site.Norm is not null;

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (site.Norm is { } norm) return norm.UsesBatch(NormStatistics.Running) ? norm.NormalizeBatch(input) : norm.NormalizeRunning(input);
        var layer = site.Weighted!;
        var output = Computes ? Output(layer, input) : zeros(layer.OutputShape(input), input.dtype, input.device);
        if (NotesShapes) layer.Observe(input, output);
        return output;
    }

    private static Tensor Output(WeightedLayer layer, Tensor input)
    {
        using var weight = layer.Weight.detach().to(input.dtype);
        using var bias = layer.Bias?.detach().to(input.dtype);
        return layer.Apply(input, weight, bias);
    }
}

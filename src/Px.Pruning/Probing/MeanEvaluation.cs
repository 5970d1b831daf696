using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// A network of paths without weights: every layer hands on the mean of all that it receives, everywhere. Values keep their size, however deep
/// the network is, and nothing is convolved.
/// </summary>
internal sealed class MeanEvaluation : PathEvaluation
{
    [SetsRequiredMembers]
    internal MeanEvaluation() => Weight = (_, _) => throw new InvalidOperationException("A mean has no weights.");

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (site.Weighted is not { } layer) return base.Compute(site, input);
        using var scope = NewDisposeScope();
        double mean = input.numel() == 0 ? 0 : input.mean().ToDouble();
        return full(layer.OutputShape(input), mean, input.dtype, input.device).MoveToOuterDisposeScope();
    }
}

using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// A network of paths without weights: every layer hands on multiples of the mean of all that it receives, from a half to three halves. Values keep their
/// size, however deep the network is, nothing is convolved, and code that goes by differences meets some.
/// </summary>
internal sealed class MeanEvaluation : PathEvaluation
{
    [SetsRequiredMembers]
    internal MeanEvaluation() => Weight = (_, _) => throw new InvalidOperationException("A mean has no weights.");

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (site.Weighted is not { } layer) return base.Compute(site, input);
        using var scope = NewDisposeScope();
        double least = input.numel() == 0 ? 0 : input.min().ToDouble();
        // A negative number, which no path makes, must not vanish among others.
        double mean = least < 0 || input.numel() == 0 ? least : input.mean().ToDouble();
        long[] shape = layer.OutputShape(input);
        long count = shape.Aggregate(1L, (product, size) => product * size);
        var multiples = arange(count, input.dtype, input.device).div_(Math.Max(1, count)).add_(0.5);
        return multiples.mul_(mean).reshape(shape).MoveToOuterDisposeScope();
    }
}

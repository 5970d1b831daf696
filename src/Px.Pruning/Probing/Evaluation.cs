using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// One way to evaluate the network: with which weights, which normalisation, which gates. The forward code that runs is the
/// caller's own; an evaluation only answers for the modules it substitutes.
/// </summary>
/// <remarks>Events count every entry and exit of a module through <c>call</c>, so that two runs of the same code can be aligned.</remarks>
internal abstract class Evaluation
{
    /// <summary>Whether <see cref="Compute"/> replaces the module's own result.</summary>
    internal abstract bool Replaces(Site site);

    /// <summary>The result of a replaced module on its real input. Fresh.</summary>
    internal abstract Tensor Compute(Site site, Tensor input);

    /// <summary>What a replaced module's own forward is handed meanwhile; its result is thrown away.</summary>
    internal virtual Tensor Stub(Site site, Tensor input) => site.Stub(input);

    /// <summary>Sees what enters a module; returns a fresh tensor to use in its place, or null.</summary>
    internal virtual Tensor? Enter(Site site, int moment, Tensor input) => null;

    /// <summary>Sees what leaves a module; returns a fresh tensor to use in its place, or null.</summary>
    internal virtual Tensor? Leave(Site site, int moment, Tensor output) => null;
}

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

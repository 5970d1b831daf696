using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>Mean and biased variance of a normalisation layer's input over the pruning data, pooled over batches. Owns its tensors.</summary>
internal sealed class NormMoments : IDisposable
{
    private Tensor? meanSum;      // sum of weight * mean
    private Tensor? squareSum;    // sum of weight * (variance + mean^2)
    private double weightSum;

    /// <summary>Adds one batch: [C] means and biased variances, weighted by its samples.</summary>
    internal void Add(Tensor mean, Tensor variance, double weight)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var m = mean.detach().to(float64);
        var second = variance.detach().to(float64) + m.square();
        var nextMean = meanSum is null ? m * weight : meanSum + m * weight;
        var nextSquare = squareSum is null ? second * weight : squareSum + second * weight;
        meanSum?.Dispose();
        squareSum?.Dispose();
        (meanSum, squareSum) = (nextMean.DetachFromDisposeScope(), nextSquare.DetachFromDisposeScope());
        weightSum += weight;
    }

    /// <summary>
    /// Adds a batch whose statistics are taken per sample, as group, layer and instance norm do:
    /// <paramref name="x"/> is [samples, groups, members] or [rows, members], and the variances are averaged over samples.
    /// </summary>
    internal void AddGroups(Tensor x, long channelsPerGroup, double weight)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var wide = x.detach().to(float64);
        var mean = wide.mean(new long[] { -1 }, true);
        var variance = (wide - mean).square().mean(new long[] { -1 }).mean(new long[] { 0 });
        if (variance.dim() > 0 && channelsPerGroup > 1) variance = variance.repeat_interleave(channelsPerGroup);
        Add(zeros_like(variance), variance, weight);
    }

    /// <summary>The pooled mean, float64. Fresh.</summary>
    internal Tensor Mean() => meanSum! / weightSum;

    /// <summary>The pooled biased variance, float64: mean of the variances plus variance of the means. Fresh.</summary>
    internal Tensor Variance()
    {
        using var scope = NewDisposeScope();
        return (squareSum! / weightSum - Mean().square()).clamp_min(0).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        meanSum?.Dispose();
        squareSum?.Dispose();
    }
}

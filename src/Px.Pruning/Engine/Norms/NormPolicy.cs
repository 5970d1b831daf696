using static TorchSharp.torch;

namespace Px.Pruning.Engine.Norms;

// Decides for each normalisation layer where its statistics come from, and collects those of the pruning data. Owns them. Until Watch
// returns, a batch is normalised by its own statistics, as in training mode; afterwards by constants.
internal sealed class NormPolicy(NormStatistics statistics) : IGradientNorms
{
    private readonly Dictionary<NormLayer, NormMoments?> layers = [];

    internal NormStatistics Statistics => statistics;

    internal bool IsFrozen { get; private set; }

    // Whether gradients flow to γ and β.
    internal bool TrainsParameters { get; init; }

    public Tensor Normalize(NormLayer layer, Tensor input)
    {
        if (!layers.TryGetValue(layer, out var moments))
            layers[layer] = moments = layer.UsesBatch(statistics) ? new NormMoments() : null;
        if (moments is null) return layer.NormalizeRunning(input, TrainsParameters);
        return IsFrozen ? layer.NormalizeFrozen(input, moments, TrainsParameters) : layer.NormalizeBatch(input, moments);
    }

    public void Watch(Action pass)
    {
        pass();
        IsFrozen = true;
    }

    // NormLayer.Shifts and SquaredScale with this policy's statistics. Valid once data went through Normalize.
    internal bool Shifts(NormLayer layer) => layer.Shifts(layers.GetValueOrDefault(layer));

    internal Tensor SquaredScale(NormLayer layer, long dimensions) => layer.SquaredScale(layers.GetValueOrDefault(layer), dimensions);

    public void Dispose()
    {
        foreach (var moments in layers.Values) moments?.Dispose();
    }
}

// Mean and biased variance of a normalisation layer's input over the pruning data, pooled over batches. Owns its tensors.
internal sealed class NormMoments : IDisposable
{
    private Tensor? meanSum;      // sum of weight * mean
    private Tensor? squareSum;    // sum of weight * (variance + mean^2)
    private double weightSum;

    // Adds one batch: [C] means and biased variances, weighted by its samples.
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

    // Adds a batch whose statistics are taken per sample, as in group, layer and instance norm: x is [samples, groups, members] or [rows,
    // members], and the variances are averaged over samples.
    internal void AddGroups(Tensor x, long channelsPerGroup, double weight)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var wide = x.detach().to(float64);
        var mean = wide.mean([-1], keepdim: true);
        var variance = (wide - mean).square().mean([-1]).mean([0]);
        if (variance.dim() > 0 && channelsPerGroup > 1) variance = variance.repeat_interleave(channelsPerGroup);
        Add(zeros_like(variance), variance, weight);
    }

    // The pooled mean, float64. Fresh.
    internal Tensor Mean() => meanSum! / weightSum;

    // The pooled biased variance, float64: mean of the variances plus variance of the means. Fresh.
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

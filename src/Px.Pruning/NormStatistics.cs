namespace Px.Pruning;

/// <summary>Which statistics turn a normalisation layer into the frozen affine map <c>y = s·x + shift</c>,
/// <c>s = γ/√(var + ε)</c>.</summary>
/// <remarks>
/// Group, layer and instance normalisation keep no running statistics: they always take those of the pruning data.
/// </remarks>
public enum NormStatistics
{
    /// <summary>
    /// <see cref="PruningBatch"/> exactly for the layers whose running statistics were never updated (mean 0 and variance 1 everywhere),
    /// <see cref="Running"/> for all others. The default.
    /// </summary>
    Auto,

    /// <summary>The layer's running mean and variance: right for pretrained networks.</summary>
    Running,

    /// <summary>
    /// The biased batch statistics that the masked network itself has on the pruning data, taken anew each round and used as constants:
    /// what the first training step of a fresh network will see. Over several batches the variances are pooled
    /// (mean of the variances plus variance of the means, weighted by samples).
    /// </summary>
    PruningBatch,
}

namespace Px.Pruning;

/// <summary>Where normalisation layers take mean and variance from while scoring.</summary>
/// <remarks>
/// With fixed statistics a layer is the affine map <c>y = s·x + shift</c> with <c>s = γ/√(var + ε)</c>. Group, layer and instance
/// normalisation have no running statistics and always use those of the pruning data.
/// </remarks>
public enum NormStatistics
{
    /// <summary>
    /// <see cref="PruningBatch"/> for layers whose running statistics were never updated (mean 0 and variance 1 everywhere),
    /// <see cref="Running"/> for all others. The default.
    /// </summary>
    Auto,

    /// <summary>The layer's running mean and variance, as in evaluation mode; suited to pretrained networks.</summary>
    Running,

    /// <summary>
    /// The biased batch statistics of the masked network on the pruning data, computed anew each round and used as constants: those of the
    /// first training step of a fresh network. Over several batches the variances are pooled (mean of the variances plus variance of the
    /// means, weighted by samples).
    /// </summary>
    PruningBatch,
}

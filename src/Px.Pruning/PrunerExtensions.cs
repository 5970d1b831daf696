using static TorchSharp.torch;
using LoaderBatches = System.Collections.Generic.IEnumerable<System.Collections.Generic.Dictionary<string, TorchSharp.torch.Tensor>>;

namespace Px.Pruning;

/// <summary>Overloads of <see cref="IPruner"/>'s methods that take a data loader, plain batches, or no data.</summary>
/// <remarks>
/// For dictionary keys other than <c>data</c> and <c>label</c> use
/// <see cref="PruningData.From(IEnumerable{Dictionary{string, Tensor}}, string, string)"/>.
/// </remarks>
/// <example><code>
/// using var result = new SnipPruner().Prune(model, batches, sparsity: 0.9);   // batches of (input, target)
/// </code></example>
public static class PrunerExtensions
{
    /// <summary>Prunes a model with the batches of a <c>torch.utils.data.DataLoader</c> (keys <c>data</c> and <c>label</c>).</summary>
    /// <param name="pruner">The method.</param>
    /// <param name="model">The network. Nothing of it changes except its pruned weights, and nothing at all when this throws.</param>
    /// <param name="loader">The data to score on; read only as far as <see cref="PruningOptions.Data"/> asks.</param>
    /// <param name="sparsity">The fraction of prunable weights to remove, in [0, 1).</param>
    /// <param name="options">How to prune; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Checked between batches and rounds; a cancelled call leaves the model untouched.</param>
    /// <inheritdoc cref="IPruner.Prune" path="/returns"/>
    /// <inheritdoc cref="IPruner.Prune" path="/exception"/>
    public static PruningResult Prune(
        this IPruner pruner, PruningModel model, IEnumerable<Dictionary<string, Tensor>> loader, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default) =>
        NotNull(pruner).Prune(model, PruningData.From(loader), sparsity, options, cancellationToken);

    /// <summary>Prunes a model with the batches of an <c>IterableDataLoader</c>: lists of inputs and targets.</summary>
    /// <inheritdoc cref="Prune(IPruner, PruningModel, LoaderBatches, double, PruningOptions?, CancellationToken)"/>
    public static PruningResult Prune(
        this IPruner pruner, PruningModel model, IEnumerable<IList<Tensor>> loader, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default) =>
        NotNull(pruner).Prune(model, PruningData.From(loader), sparsity, options, cancellationToken);

    /// <summary>Prunes a model with plain batches.</summary>
    /// <inheritdoc cref="Prune(IPruner, PruningModel, LoaderBatches, double, PruningOptions?, CancellationToken)"/>
    public static PruningResult Prune(
        this IPruner pruner, PruningModel model, IEnumerable<(Tensor input, Tensor target)> batches, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default) =>
        NotNull(pruner).Prune(model, PruningData.From(batches), sparsity, options, cancellationToken);

    /// <summary>Prunes a model with a method that needs no data.</summary>
    /// <inheritdoc cref="Prune(IPruner, PruningModel, LoaderBatches, double, PruningOptions?, CancellationToken)"/>
    public static PruningResult Prune(
        this IPruner pruner, PruningModel model, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default) =>
        NotNull(pruner).Prune(model, PruningData.None, sparsity, options, cancellationToken);

    /// <summary>Scores the weights once with a <c>torch.utils.data.DataLoader</c> (keys <c>data</c> and <c>label</c>).</summary>
    /// <param name="pruner">The method.</param>
    /// <param name="model">The network, left exactly as it was found.</param>
    /// <param name="loader">The data to score on; read only as far as <see cref="PruningOptions.Data"/> asks.</param>
    /// <param name="mask">A mask to score under: its pruned weights count as 0. <see langword="null"/> for the dense network.</param>
    /// <param name="options">How to prune; schedule, scope and rounds are not used.</param>
    /// <param name="cancellationToken">Checked between batches.</param>
    /// <inheritdoc cref="IPruner.Score" path="/returns"/>
    /// <inheritdoc cref="IPruner.Score" path="/exception"/>
    public static PruningScores Score(
        this IPruner pruner, PruningModel model, IEnumerable<Dictionary<string, Tensor>> loader, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default) =>
        NotNull(pruner).Score(model, PruningData.From(loader), mask, options, cancellationToken);

    /// <summary>Scores the weights once with the batches of an <c>IterableDataLoader</c>: lists of inputs and targets.</summary>
    /// <inheritdoc cref="Score(IPruner, PruningModel, LoaderBatches, PruningMask?, PruningOptions?, CancellationToken)"/>
    public static PruningScores Score(
        this IPruner pruner, PruningModel model, IEnumerable<IList<Tensor>> loader, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default) =>
        NotNull(pruner).Score(model, PruningData.From(loader), mask, options, cancellationToken);

    /// <summary>Scores the weights once with plain batches.</summary>
    /// <inheritdoc cref="Score(IPruner, PruningModel, LoaderBatches, PruningMask?, PruningOptions?, CancellationToken)"/>
    public static PruningScores Score(
        this IPruner pruner, PruningModel model, IEnumerable<(Tensor input, Tensor target)> batches, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default) =>
        NotNull(pruner).Score(model, PruningData.From(batches), mask, options, cancellationToken);

    /// <summary>Scores the weights once with a method that needs no data.</summary>
    /// <inheritdoc cref="Score(IPruner, PruningModel, LoaderBatches, PruningMask?, PruningOptions?, CancellationToken)"/>
    public static PruningScores Score(
        this IPruner pruner, PruningModel model, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default) =>
        NotNull(pruner).Score(model, PruningData.None, mask, options, cancellationToken);

    private static IPruner NotNull(IPruner pruner)
    {
        ArgumentNullException.ThrowIfNull(pruner);
        return pruner;
    }
}

using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary><see cref="IPruner"/>'s methods for loaders, plain batches, and no data at all.</summary>
/// <remarks>For other dictionary keys than <c>data</c> and <c>label</c> use
/// <see cref="PruningData.From(IEnumerable{Dictionary{string, Tensor}}, string, string)"/>.</remarks>
public static class PrunerExtensions
{
    /// <summary>Prunes a model with the batches of a <c>torch.utils.data.DataLoader</c> (keys <c>data</c> and <c>label</c>).</summary>
    /// <param name="pruner">The method.</param>
    /// <param name="model">The network. But for its pruned weights it is left exactly as it was found, also when this method
    /// throws.</param>
    /// <param name="loader">What data-driven methods score on; read only as far as <see cref="PruningOptions.Data"/> asks.</param>
    /// <param name="sparsity">The fraction of prunable weights to remove, in [0, 1).</param>
    /// <param name="options">How to prune; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Checked between batches and rounds; a cancelled call leaves the model untouched.</param>
    /// <inheritdoc cref="IPruner.Prune" path="/returns"/>
    /// <inheritdoc cref="IPruner.Prune" path="/exception"/>
    public static PruningResult Prune(
        this IPruner pruner, Module<Tensor, Tensor> model, IEnumerable<Dictionary<string, Tensor>> loader, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pruner);
        return pruner.Prune(model, PruningData.From(loader), sparsity, options, cancellationToken);
    }

    /// <summary>Prunes a model with the batches of an <c>IterableDataLoader</c>: lists of inputs and targets.</summary>
    /// <inheritdoc cref="Prune(IPruner, Module{Tensor, Tensor}, IEnumerable{Dictionary{string, Tensor}}, double, PruningOptions?, CancellationToken)"/>
    public static PruningResult Prune(
        this IPruner pruner, Module<Tensor, Tensor> model, IEnumerable<IList<Tensor>> loader, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pruner);
        return pruner.Prune(model, PruningData.From(loader), sparsity, options, cancellationToken);
    }

    /// <summary>Prunes a model with plain batches.</summary>
    /// <inheritdoc cref="Prune(IPruner, Module{Tensor, Tensor}, IEnumerable{Dictionary{string, Tensor}}, double, PruningOptions?, CancellationToken)"/>
    public static PruningResult Prune(
        this IPruner pruner, Module<Tensor, Tensor> model, IEnumerable<(Tensor input, Tensor target)> batches, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pruner);
        return pruner.Prune(model, PruningData.From(batches), sparsity, options, cancellationToken);
    }

    /// <summary>Prunes a model by a method that needs no data.</summary>
    /// <inheritdoc cref="Prune(IPruner, Module{Tensor, Tensor}, IEnumerable{Dictionary{string, Tensor}}, double, PruningOptions?, CancellationToken)"/>
    public static PruningResult Prune(
        this IPruner pruner, Module<Tensor, Tensor> model, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pruner);
        return pruner.Prune(model, PruningData.None, sparsity, options, cancellationToken);
    }

    /// <summary>Scores the weights once with the batches of a <c>torch.utils.data.DataLoader</c> (keys <c>data</c> and
    /// <c>label</c>).</summary>
    /// <param name="pruner">The method.</param>
    /// <param name="model">The network, left exactly as it was found.</param>
    /// <param name="loader">What data-driven methods score on; read only as far as <see cref="PruningOptions.Data"/> asks.</param>
    /// <param name="mask">Weights taken as removed while scoring; <see langword="null"/> for none.</param>
    /// <param name="options">How to prune; schedule, scope and rounds are not used.</param>
    /// <param name="cancellationToken">Checked between batches.</param>
    /// <inheritdoc cref="IPruner.Score" path="/returns"/>
    /// <inheritdoc cref="IPruner.Score" path="/exception"/>
    public static PruningScores Score(
        this IPruner pruner, Module<Tensor, Tensor> model, IEnumerable<Dictionary<string, Tensor>> loader, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pruner);
        return pruner.Score(model, PruningData.From(loader), mask, options, cancellationToken);
    }

    /// <summary>Scores the weights once with the batches of an <c>IterableDataLoader</c>: lists of inputs and targets.</summary>
    /// <inheritdoc cref="Score(IPruner, Module{Tensor, Tensor}, IEnumerable{Dictionary{string, Tensor}}, PruningMask?, PruningOptions?, CancellationToken)"/>
    public static PruningScores Score(
        this IPruner pruner, Module<Tensor, Tensor> model, IEnumerable<IList<Tensor>> loader, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pruner);
        return pruner.Score(model, PruningData.From(loader), mask, options, cancellationToken);
    }

    /// <summary>Scores the weights once with plain batches.</summary>
    /// <inheritdoc cref="Score(IPruner, Module{Tensor, Tensor}, IEnumerable{Dictionary{string, Tensor}}, PruningMask?, PruningOptions?, CancellationToken)"/>
    public static PruningScores Score(
        this IPruner pruner, Module<Tensor, Tensor> model, IEnumerable<(Tensor input, Tensor target)> batches, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pruner);
        return pruner.Score(model, PruningData.From(batches), mask, options, cancellationToken);
    }

    /// <summary>Scores the weights once by a method that needs no data.</summary>
    /// <inheritdoc cref="Score(IPruner, Module{Tensor, Tensor}, IEnumerable{Dictionary{string, Tensor}}, PruningMask?, PruningOptions?, CancellationToken)"/>
    public static PruningScores Score(
        this IPruner pruner, Module<Tensor, Tensor> model, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pruner);
        return pruner.Score(model, PruningData.None, mask, options, cancellationToken);
    }
}

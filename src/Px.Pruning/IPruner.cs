using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>A published pruning method: scores the weights of a network and keeps the best of them.</summary>
/// <remarks>
/// Implementations hold settings only: one instance may prune any number of models, from any thread.
/// Overloads that take a <c>DataLoader</c> or plain batches are in <see cref="PrunerExtensions"/>.
/// </remarks>
public interface IPruner
{
    /// <summary>The method's name as the literature writes it, for example <c>PX</c>.</summary>
    string Name { get; }

    /// <summary>Whether scoring reads data; where it does not, <see cref="PruningData.None"/> is enough.</summary>
    bool NeedsData { get; }

    /// <summary>The number of rounds its authors use, at least 1; <see cref="PruningOptions.Rounds"/> overrides it.</summary>
    int DefaultRounds { get; }

    /// <summary>Prunes <paramref name="model"/>: pruned weights become zero and stay so while the result's binding is in place.</summary>
    /// <param name="model">The network. But for its pruned weights it is left exactly as it was found, also when this method throws; only
    /// <see cref="SanityAblation.Reinitialize"/> draws the kept weights anew.</param>
    /// <param name="data">What data-driven methods score on.</param>
    /// <param name="sparsity">The fraction of prunable weights to remove, in [0, 1). Weights that a <see cref="MaskBinding"/> of an earlier
    /// pruning holds at zero are part of it, and do not return.</param>
    /// <param name="options">How to prune; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Checked between batches and rounds; a cancelled call leaves the model untouched.</param>
    /// <returns>The mask, its binding to the model and a report; the caller disposes it when the mask need not be held any
    /// longer.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sparsity"/> is not in [0, 1).</exception>
    /// <exception cref="ArgumentException">The model has nothing to prune, the data does not fit it, or the scope cannot keep its promise
    /// at this sparsity.</exception>
    /// <exception cref="UnsupportedModelException">The method's theory does not hold for this network, or it scores every weight 0 and
    /// something is to be removed; the message names the module.</exception>
    /// <exception cref="NonFiniteScoreException">A score is NaN or infinite; the message names the layer.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    PruningResult Prune(
        Module<Tensor, Tensor> model, PruningData data, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Scores the weights once and changes nothing.</summary>
    /// <param name="model">The network, left exactly as it was found.</param>
    /// <param name="data">What data-driven methods score on.</param>
    /// <param name="mask">Weights taken as removed while scoring; <see langword="null"/> for none.</param>
    /// <param name="options">How to prune; schedule, scope, rounds and ablation are not used.</param>
    /// <param name="cancellationToken">Checked between batches.</param>
    /// <returns>A score for every prunable weight; the caller disposes it.</returns>
    /// <inheritdoc cref="Prune" path="/exception"/>
    PruningScores Score(
        Module<Tensor, Tensor> model, PruningData data, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default);
}

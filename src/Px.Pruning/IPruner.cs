namespace Px.Pruning;

/// <summary>A pruning method: scores the weights of a network and keeps those with the highest scores.</summary>
/// <remarks>
/// Implementations are immutable settings: one instance may prune any number of models, from any thread.
/// Overloads that take a <c>DataLoader</c> or plain batches are in <see cref="PrunerExtensions"/>.
/// </remarks>
public interface IPruner
{
    /// <summary>The method's name as in the literature, for example <c>PX</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Whether scoring reads data. Otherwise <see cref="PruningData.Shape"/> is enough, and <see cref="PruningData.None"/> for methods that
    /// need no shape.
    /// </summary>
    bool NeedsData { get; }

    /// <summary>The number of rounds that the method's authors use, at least 1; <see cref="PruningOptions.Rounds"/> overrides it.</summary>
    int DefaultRounds { get; }

    /// <summary>Prunes <paramref name="model"/>: pruned weights become zero, and the result's binding keeps them at zero.</summary>
    /// <param name="model">
    /// The network. Nothing of it changes except its pruned weights, and nothing at all when this method throws; only
    /// <see cref="SanityAblation.Reinitialize"/> also draws the kept weights anew.
    /// </param>
    /// <param name="data">The data that data-driven methods score on.</param>
    /// <param name="sparsity">
    /// The fraction of prunable weights to remove, in [0, 1). Weights that the <see cref="MaskBinding"/> of an earlier pruning holds at
    /// zero are part of it, and do not return. With <see cref="PruningScope.NOfM"/> it is the pattern's, 0.5 for 2:4.
    /// </param>
    /// <param name="options">How to prune; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Checked between batches and rounds; a cancelled call leaves the model untouched.</param>
    /// <returns>The mask, its binding to the model and a report; the caller disposes it once training is over.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sparsity"/> is not in [0, 1).</exception>
    /// <exception cref="ArgumentException">Nothing can be pruned, the data does not fit, or the scope cannot be satisfied.</exception>
    /// <exception cref="UnsupportedModelException">
    /// The method does not apply to this network, or scores every weight 0 and something is to be removed; the message names the module.
    /// </exception>
    /// <exception cref="NonFiniteScoreException">A score is NaN or infinite; the message names the layer.</exception>
    /// <exception cref="InvalidOperationException">Another thread is pruning, scoring or analysing the model or a part of it.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    PruningResult Prune(
        PruningModel model, PruningData data, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Scores the weights once and leaves the model unchanged.</summary>
    /// <param name="model">The network, left exactly as it was found.</param>
    /// <param name="data">The data that data-driven methods score on.</param>
    /// <param name="mask">A mask to score under: its pruned weights count as 0. <see langword="null"/> for the dense network.</param>
    /// <param name="options">How to prune; schedule, scope, rounds and ablation are not used.</param>
    /// <param name="cancellationToken">Checked between batches.</param>
    /// <returns>A score for every prunable weight; the caller disposes it.</returns>
    /// <inheritdoc cref="Prune" path="/exception"/>
    PruningScores Score(
        PruningModel model, PruningData data, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default);
}

using Px.Pruning.Engine;
using Px.Pruning.Methods.Custom;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Prunes by a criterion of your own: you score the weights, the library does everything else.</summary>
/// <remarks>
/// Rounds, schedule, scope, exact counts, masks, report, seeding and cancellation are those of every other method, and the model is left as
/// it was found. The function runs once a round on the network as the rounds before left it, in evaluation mode. Tensors that it makes are
/// freed when it returns; call <c>DetachFromDisposeScope()</c> on one that you want to keep. It must not write to the model.
/// </remarks>
/// <example><code>
/// var magnitude = new CustomPruner("mine", context => context.Parameters.ToDictionary(p => p.Name, p => p.Weight.abs())) { UsesData = false };
/// using var result = magnitude.Prune(model, sparsity: 0.9);
/// </code></example>
public sealed class CustomPruner : Pruner
{
    private readonly Func<PruningContext, IEnumerable<KeyValuePair<string, Tensor>>> score;
    private readonly int rounds = 1;

    /// <summary>Creates the method.</summary>
    /// <param name="name">What reports and masks call it.</param>
    /// <param name="score">
    /// Scores every prunable weight, larger is more worth keeping: for each of <see cref="PruningContext.Parameters"/> its name with a
    /// tensor in its shape, of any type and on any device. Scores of pruned weights are ignored. A missing, unknown or misshapen entry is
    /// an <see cref="ArgumentException"/>, a score that is NaN or infinite a <see cref="NonFiniteScoreException"/>.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or empty, or <paramref name="score"/> is null.</exception>
    public CustomPruner(string name, Func<PruningContext, IEnumerable<KeyValuePair<string, Tensor>>> score)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(score);
        (Name, this.score) = (name, score);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override int DefaultRounds => Rounds;

    /// <summary>The number of rounds unless <see cref="PruningOptions.Rounds"/> says otherwise, at least 1. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Rounds
    {
        get => rounds;
        init => rounds = Require.AtLeast(1, value);
    }

    /// <summary>Whether <see cref="PruningContext.Batches"/> are needed. Default <see langword="true"/>.</summary>
    public bool UsesData { get; init; } = true;

    /// <summary>Whether pruned weights are ranked again in later rounds, and may return. Default <see langword="false"/>.</summary>
    public bool RevivesWeights { get; init; }

    /// <summary>
    /// Where norm layers take their statistics from in <see cref="PruningContext.Gradients(Func{Tensor, Tensor, Tensor})"/>. Default
    /// <see cref="NormStatistics.PruningBatch"/>, as in training mode.
    /// </summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.PruningBatch;

    internal override MethodNeeds Needs => new() { Data = UsesData, WeightsReturn = RevivesWeights };

    internal override MethodRun Start(ScoringContext context) => new CustomRun(context, NormStatistics, score);
}

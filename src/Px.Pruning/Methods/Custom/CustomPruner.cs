using Px.Pruning.Engine;
using Px.Pruning.Methods.Custom;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Prunes by a criterion of your own, given as a function that scores the weights.</summary>
/// <remarks>
/// Rounds, schedule, scope, exact counts, masks, report, seeding and cancellation work as for every other method. The function runs once a
/// round on the masked network in evaluation mode, and must not write to the model. Tensors that it creates are freed when it returns; call
/// <c>DetachFromDisposeScope()</c> on those that you want to keep.
/// </remarks>
/// <example><code>
/// var magnitude = new CustomPruner("mine", context => context.Parameters.ToDictionary(p => p.Name, p => p.Weight.abs()))
/// {
///     UsesData = false,
/// };
/// using var result = magnitude.Prune(model, sparsity: 0.9);
/// </code></example>
public sealed class CustomPruner : Pruner
{
    private readonly Func<PruningContext, IEnumerable<KeyValuePair<string, Tensor>>> score;

    /// <summary>Creates a pruning method from a scoring function.</summary>
    /// <param name="name">The method's name in reports and masks.</param>
    /// <param name="score">
    /// Returns scores, of which the largest are kept: for each of <see cref="PruningContext.Parameters"/> its name and a tensor in its
    /// shape, of any type and on any device. Scores of pruned weights are ignored. A missing, unknown or misshapen entry causes an
    /// <see cref="ArgumentException"/>, a score that is NaN or infinite a <see cref="NonFiniteScoreException"/>.
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

    /// <summary>The number of rounds if <see cref="PruningOptions.Rounds"/> is not set, at least 1. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Rounds { get; init => field = Require.AtLeast(1, value); } = 1;

    /// <summary>Whether <see cref="PruningContext.Batches"/> are needed. Default <see langword="true"/>.</summary>
    public bool UsesData { get; init; } = true;

    /// <summary>Whether later rounds rank pruned weights again, so that they may return. Default <see langword="false"/>.</summary>
    public bool RevivesWeights { get; init; }

    /// <summary>
    /// Where norm layers take their statistics from in <see cref="PruningContext.Gradients(Func{Tensor, Tensor, Tensor})"/>.
    /// Default <see cref="NormStatistics.PruningBatch"/>, as in training mode.
    /// </summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.PruningBatch;

    internal override MethodNeeds Needs => new() { Data = UsesData, WeightsReturn = RevivesWeights, CallersCode = true };

    internal override MethodRun Start(ScoringContext context) => new CustomRun(context, NormStatistics, score);
}

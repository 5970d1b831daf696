using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Px.Pruning.Engine;
using Px.Pruning.Methods.LotteryTicket;
using Px.Pruning.Reporting;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>
/// IMP, iterative magnitude pruning, the search for lottery tickets: train, remove the weights with the smallest <c>|θ|</c>, put the
/// others back to where they began, and train again.
/// </summary>
/// <example><code>
/// var imp = new IterativeMagnitudePruner((model, round) => Train(model, round.Binding)) { Checkpoint = "imp.safetensors" };
/// using var result = imp.Prune(model, sparsity: 0.9);
/// </code></example>
/// <remarks>
/// <para>
/// Training is the caller's: a callback that trains the model in place, in each round from the same state and with the weights pruned so
/// far held at zero. It may call <see cref="ImpRound.SaveRewindPoint"/> early in the first round; then that state is what rounds begin
/// with, instead of the initialisation. Afterwards the model holds it too, masked and ready for the last training, with modes, flags and
/// gradients as found. A callback that throws, a cancelled token or a weight that is not finite leave the model as it was found.
/// No dispose scope of the library is open while the callback runs.
/// </para>
/// <para>
/// Of the options, rounds, schedule, scope, counting, parameters, seed, logger and progress count; an ablation is an
/// <see cref="ArgumentException"/>. Data is only read for the shapes in the report.
/// </para>
/// <para><b>Cost:</b> one training a round; memory for two copies of the model's parameters and buffers.</para>
/// <para>
/// <b>Law:</b> without training the mask is magnitude's; masks only shrink; the kept weights of the result are those of the rewind point,
/// bit for bit; a run that was interrupted and resumed gives the same mask where the callback is deterministic in the round.
/// </para>
/// <para>
/// <b>Deviation:</b> weights are ranked together, as the authors do for deep networks, unless <see cref="PruningOptions.Scope"/> says
/// otherwise; output layers are pruned at the same rate as the rest. Buffers (norm statistics) are rewound with the parameters.
/// </para>
/// <para>
/// <b>Source:</b> Frankle, Carbin, ICLR 2019, <see href="https://arxiv.org/abs/1803.03635"/>; rewinding to an early step: Frankle,
/// Dziugaite, Roy, Carbin, ICML 2020, <see href="https://arxiv.org/abs/1912.05671"/>.
/// </para>
/// </remarks>
public sealed class IterativeMagnitudePruner : IPruner
{
    internal const string Method = "IMP";

    private readonly Action<Module<Tensor, Tensor>, ImpRound> train;

    /// <summary>Creates the method around a training.</summary>
    /// <param name="train">
    /// Trains the model in place; called once a round. Its tensors are its own. It may move no parameter to another device or type.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="train"/> is null.</exception>
    public IterativeMagnitudePruner(Action<Module<Tensor, Tensor>, ImpRound> train)
    {
        ArgumentNullException.ThrowIfNull(train);
        this.train = train;
    }

    /// <inheritdoc/>
    public string Name => Method;

    /// <inheritdoc/>
    public bool NeedsData => false;

    /// <summary>10, which is the authors' 20 % a round for a sparsity of 0.9; <see cref="RoundsFor"/> gives the number for
    /// others.</summary>
    public int DefaultRounds => 10;

    /// <summary>
    /// A file that is written after each round, so that a later call with the same settings and the same initial model goes on after the
    /// last round done; deleted when the last round is done. Default <see langword="null"/>: none. A file that is there already and does
    /// not fit the call is an <see cref="InvalidOperationException"/>, a damaged one an <see cref="InvalidDataException"/>.
    /// </summary>
    public string? Checkpoint { get; init; }

    /// <summary>How many rounds reach a sparsity when each removes the same fraction of what is left: <c>⌈ln(1 − s) / ln(1 − f)⌉</c>, at
    /// least 1.</summary>
    /// <param name="sparsity">The fraction of weights to remove in all, in [0, 1).</param>
    /// <param name="perRound">The fraction to remove in a round, in (0, 1); default 0.2, the authors'.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static int RoundsFor(double sparsity, double perRound = 0.2)
    {
        PruningPlan.Check(sparsity);
        if (!(perRound > 0 && perRound < 1))
            throw new ArgumentOutOfRangeException(nameof(perRound), perRound, "The fraction to remove in a round is above 0 and below 1.");
        // 1 − 0.8² is not quite 0.36 in binary.
        return Math.Max(1, (int)Math.Ceiling(Math.Log(1 - sparsity) / Math.Log(1 - perRound) - 1e-9));
    }

    /// <inheritdoc/>
    public PruningResult Prune(
        Module<Tensor, Tensor> model, PruningData data, double sparsity,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        PruningPlan.Check(sparsity);
        RequireFolder();
        options ??= new PruningOptions();
        if (options.Ablation != SanityAblation.None)
        {
            throw new ArgumentException(
                $"IMP has no ablation {options.Ablation}: it prunes between trainings, not before one. Shuffle its mask by "
                + "PruningMask.ShuffleWithinLayers instead.",
                nameof(options));
        }

        var watch = Stopwatch.StartNew();
        var (ranked, others, facts) = Describe(model, data, options, cancellationToken);
        var plan = new PruningPlan(Name, DefaultRounds, sparsity, options, ranked.Select(layer => (layer.Name, layer.Weights)));

        if (facts.UnseenNote is { } note) options.Logger?.LogWarning("{Note}", note);
        using var backup = new ModelBackup(model);
        PruningMask? mask = null;
        try
        {
            var run = new ImpRun(train, model, backup, ranked, cancellationToken);
            using var end = run.Iterate(plan, options.Seed, Checkpoint, watch);
            end.Rewind.CopyTo(model);
            backup.Restore();
            var metadata = plan.Metadata(end.Settings["seed"]);
            (metadata["data"], metadata["rewind"]) = ("none", end.Settings["rewind"]);
            mask = new PruningMask(end.Mask.Names.Select(name => KeyValuePair.Create(name, end.Mask[name])), metadata);
            var report = PruningReport.Create(Name, ranked, mask, others, facts: facts);
            var result = new PruningResult(mask, mask.Bind(model), report, watch.Elapsed);
            // Not before: a call that fails goes on from there.
            DeleteCheckpoint(options.Logger);
            return result;
        }
        catch
        {
            mask?.Dispose();
            backup.RestoreAll();
            throw;
        }
    }

    /// <summary>Trains once, in a round of its own, and takes |θ| of the trained weights; then puts everything back.</summary>
    /// <inheritdoc/>
    public PruningScores Score(
        Module<Tensor, Tensor> model, PruningData data, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        options ??= new PruningOptions();
        var layers = Describe(model, data, options, cancellationToken);
        using var backup = new ModelBackup(model);
        var run = new ImpRun(train, model, backup, layers.Ranked, cancellationToken);
        using var all = run.Everything();
        PruningScores? scores = null;
        try
        {
            run.Train(mask ?? all, 1, 1, options.Seed ?? Random.Shared.NextInt64())?.Dispose();
            using var scope = NewDisposeScope();
            scores = PruningScores.Adopt(layers.Ranked.Select(layer =>
                KeyValuePair.Create(layer.Name, run.Magnitude(layer.Name, mask ?? all))));
            backup.State.CopyTo(model);
            backup.Restore();
            return scores;
        }
        catch
        {
            scores?.Dispose();
            backup.RestoreAll();
            throw;
        }
    }

    private static (List<LayerInfo> Ranked, List<LayerInfo> Others, ReportFacts Facts) Describe(
        Module<Tensor, Tensor> model, PruningData data, PruningOptions options, CancellationToken token) =>
        new NetworkSession(Method, new()).Run(
            model, data, options, context => (
                context.Network.Describe(ranked: true), context.Network.Describe(ranked: false), ReportFacts.Of(context.Network)), token);

    // The run is over. Its result is not lost where the file cannot be deleted.
    private void DeleteCheckpoint(ILogger? logger)
    {
        try
        {
            if (Checkpoint is not null) File.Delete(Checkpoint);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger?.LogWarning(e, "The run is over, but its checkpoint '{Checkpoint}' could not be deleted. Delete it before the next "
                + "run.", Checkpoint);
        }
    }

    private void RequireFolder()
    {
        if (Checkpoint is null) return;
        string folder = Path.GetDirectoryName(Path.GetFullPath(Checkpoint))!;
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"The folder of the checkpoint does not exist: '{folder}'.");
    }
}

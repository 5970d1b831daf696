using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Sessions;
using Px.Pruning.Methods.LotteryTicket;
using Px.Pruning.Reporting;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>
/// Iterative magnitude pruning (IMP), which searches lottery tickets: train, remove the weights with the smallest <c>|θ|</c>, rewind the
/// others to their initial values, and train again.
/// </summary>
/// <example><code>
/// var imp = new IterativeMagnitudePruner((model, round) => Train(model, round.Binding)) { Checkpoint = "imp.safetensors" };
/// using var result = imp.Prune(model, sparsity: 0.9);
/// </code></example>
/// <remarks>
/// <para>
/// A callback of the caller trains the model in place, in each round from the same state and with the weights pruned so far held at zero.
/// It may call <see cref="ImpRound.SaveRewindPoint"/> early in the first round: then rounds begin with that state instead of the
/// initialisation. After the call the model has that state, masked and ready for the final training, and its modes, flags and gradients
/// are as found. If the callback throws, the token is cancelled or a weight is not finite, the whole model is left as it was found. No
/// dispose scope of the library is open while the callback runs.
/// </para>
/// <para>
/// Of the options, rounds, schedule, scope, counting, parameters, seed, logger and progress are used; an ablation causes an
/// <see cref="ArgumentException"/>. Data is only read for the shapes in the report.
/// </para>
/// <para><b>Cost:</b> one training a round; memory for two copies of the model's parameters and buffers.</para>
/// <para>
/// <b>Law:</b> without training the mask is that of <see cref="MagnitudePruner"/>; masks only shrink; the kept weights of the result are
/// those of the rewind point, bit for bit; a run that was interrupted and resumed gives the same mask if the callback is deterministic.
/// </para>
/// <para>
/// <b>Deviation:</b> all weights are ranked together, as by the authors for deep networks, unless <see cref="PruningOptions.Scope"/> is
/// set; output layers are pruned at the same rate as the others. Buffers (norm statistics) are rewound with the parameters.
/// </para>
/// <para>
/// <b>Source:</b> Frankle, Carbin, ICLR 2019, <see href="https://arxiv.org/abs/1803.03635"/>; rewinding to an early step: Frankle,
/// Dziugaite, Roy, Carbin, ICML 2020, <see href="https://arxiv.org/abs/1912.05671"/>.
/// </para>
/// </remarks>
public sealed class IterativeMagnitudePruner : IPruner, IScoresNoWeights
{
    internal const string Method = "IMP";

    private readonly Action<Module, ImpRound> train;

    /// <summary>Creates the method from a training callback.</summary>
    /// <param name="train">
    /// Trains the model in place; called once a round. It owns the tensors that it creates, and must not move parameters to another device
    /// or type.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="train"/> is null.</exception>
    public IterativeMagnitudePruner(Action<Module<Tensor, Tensor>, ImpRound> train)
    {
        ArgumentNullException.ThrowIfNull(train);
        this.train = (module, round) => train(module as Module<Tensor, Tensor> ?? throw OfAnotherKind(module), round);
    }

    /// <summary>Creates the method from a callback that trains a module of any kind, which it knows or takes from
    /// <see cref="ImpRound.Model"/>.</summary>
    /// <inheritdoc cref="IterativeMagnitudePruner(Action{Module{Tensor, Tensor}, ImpRound})"/>
    public IterativeMagnitudePruner(Action<ImpRound> train)
    {
        ArgumentNullException.ThrowIfNull(train);
        this.train = (_, round) => train(round);
    }

    /// <inheritdoc/>
    public string Name => Method;

    /// <inheritdoc/>
    public bool NeedsData => false;

    /// <summary>10: about the authors' 20 % a round for a sparsity of 0.9. For others see <see cref="RoundsFor"/>.</summary>
    public int DefaultRounds => 10;

    /// <summary>
    /// The path of a checkpoint, written after each round, from which a later call with the same settings and initial model resumes.
    /// A successful call deletes it at its end. Default <see langword="null"/>: no checkpoint. A file of another run causes an
    /// <see cref="InvalidOperationException"/>, a damaged one an <see cref="InvalidDataException"/>, one that cannot be read an
    /// <see cref="IOException"/>.
    /// </summary>
    public string? Checkpoint { get; init; }

    /// <summary>Computes how many rounds reach a sparsity if each removes the same fraction of the remaining weights.</summary>
    /// <param name="sparsity">The fraction s of weights to remove in all, in [0, 1).</param>
    /// <param name="perRound">The fraction f to remove in a round, in (0, 1); default 0.2, as by the authors.</param>
    /// <returns><c>⌈ln(1 − s) / ln(1 − f)⌉</c>, at least 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static int RoundsFor(double sparsity, double perRound = 0.2)
    {
        PruningPlan.Check(sparsity);
        if (!(perRound > 0 && perRound < 1))
            throw new ArgumentOutOfRangeException(nameof(perRound), perRound, "The fraction to remove in a round is above 0 and below 1.");
        // Tolerates rounding: 1 − 0.8² is not exactly 0.36 in binary.
        return Math.Max(1, (int)Math.Ceiling(Math.Log(1 - sparsity) / Math.Log(1 - perRound) - 1e-9));
    }

    /// <inheritdoc/>
    public PruningResult Prune(
        PruningModel model, PruningData data, double sparsity,
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
                + "PruningMask.ShuffleWithinLayers instead.", nameof(options));
        }

        using var use = new ModelUse(model.Module, Method);
        var watch = Stopwatch.StartNew();
        var (ranked, others, facts) = Describe(model, data, options, cancellationToken);
        var weights = ranked.Select(layer => (layer.Name, layer.Weights, layer.InputAxis));
        var plan = new PruningPlan(Name, DefaultRounds, sparsity, options, weights);

        if (facts.UnseenNote is { } note) options.Logger?.LogWarning(Warnings.UnseenUses, "{Note}", note);
        using var backup = new ModelBackup(model.Module);
        PruningMask? mask = null;
        try
        {
            var run = new ImpRun(train, model.Module, backup, ranked, cancellationToken);
            using var end = run.Iterate(plan, options.Seed, Checkpoint, watch);
            end.Rewind.CopyTo(model.Module);
            backup.Restore();
            var metadata = plan.Metadata(end.Settings["seed"]);
            (metadata["data"], metadata["rewind"]) = ("none", end.Settings["rewind"]);
            mask = new PruningMask(end.Mask.Names.Select(name => KeyValuePair.Create(name, end.Mask[name])), metadata);
            var report = PruningReport.Create(Name, ranked, mask, others, facts: facts);
            var result = new PruningResult(mask, mask.Bind(model.Module), report, watch.Elapsed);
            // Last of all, so that a failed call can be resumed.
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

    string IScoresNoWeights.WhyNoScores =>
        "it trains the whole network in every round; prune the trained network's channels with MagnitudePruner instead";

    /// <summary>Trains the model once, scores weights by |θ| after that training, and restores the model.</summary>
    /// <inheritdoc/>
    public PruningScores Score(
        PruningModel model, PruningData data, PruningMask? mask = null,
        PruningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        options ??= new PruningOptions();
        using var use = new ModelUse(model.Module, Method);
        var layers = Describe(model, data, options, cancellationToken);
        using var backup = new ModelBackup(model.Module);
        var run = new ImpRun(train, model.Module, backup, layers.Ranked, cancellationToken);
        using var all = run.DenseMask();
        PruningScores? scores = null;
        try
        {
            run.Train(mask ?? all, 1, 1, options.Seed ?? Random.Shared.NextInt64())?.Dispose();
            using var scope = NewDisposeScope();
            scores = PruningScores.Adopt(
                layers.Ranked.Select(layer => KeyValuePair.Create(layer.Name, run.Magnitude(layer.Name, mask ?? all))),
                layers.Ranked.ToDictionary(layer => layer.Name, layer => layer.InputAxis));
            backup.State.CopyTo(model.Module);
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
        PruningModel model, PruningData data, PruningOptions options, CancellationToken token) =>
        new NetworkSession(Method, new()).Run(
            model, data, options, context => (
                context.Network.Describe(ranked: true), context.Network.Describe(ranked: false), ReportFacts.Of(context.Network)), token);

    private static ArgumentException OfAnotherKind(Module module) => new(
        $"The training callback takes a Module<Tensor, Tensor>, but the model is {module.GetType().Name}: give the constructor a callback "
        + "that takes the round alone, and train the module that you have, or ImpRound.Model.");

    // Only logs a failure, so that the result is not lost.
    private void DeleteCheckpoint(ILogger? logger)
    {
        try
        {
            if (Checkpoint is not null) File.Delete(Checkpoint);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger?.LogWarning(
                Warnings.CheckpointLeft, e,
                "The run is over, but its checkpoint '{Checkpoint}' could not be deleted. Delete it before the next run.", Checkpoint);
        }
    }

    private void RequireFolder()
    {
        if (Checkpoint is null) return;
        string folder = Path.GetDirectoryName(Path.GetFullPath(Checkpoint))!;
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"The folder of the checkpoint does not exist: '{folder}'.");
        if (Directory.Exists(Checkpoint)) throw new IOException($"The checkpoint '{Checkpoint}' is a folder: give the path of a file.");
    }
}

using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Px.Pruning.Probing;
using Px.Pruning.Rewinding;
using Px.Pruning.Scopes;
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
/// <b>Source:</b> Frankle, Carbin, ICLR 2019, <see href="https://arxiv.org/abs/1803.03635"/>; rewinding to an early step: Frankle, Dziugaite,
/// Roy, Carbin, ICML 2020, <see href="https://arxiv.org/abs/1912.05671"/>.
/// </para>
/// </remarks>
public sealed class IterativeMagnitudePruner : IPruner
{
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
    public string Name => ImpRun.Method;

    /// <inheritdoc/>
    public bool NeedsData => false;

    /// <summary>10, which is the authors' 20 % a round for a sparsity of 0.9; <see cref="RoundsFor"/> gives the number for others.</summary>
    public int DefaultRounds => 10;

    /// <summary>
    /// A file that is written after each round, so that a later call with the same settings and the same initial model goes on after the last
    /// round done; deleted when the last round is done. Default <see langword="null"/>: none. A file that is there already and does not
    /// fit the call is an <see cref="InvalidOperationException"/>, a damaged one an <see cref="InvalidDataException"/>.
    /// </summary>
    public string? Checkpoint { get; init; }

    /// <summary>How many rounds reach a sparsity when each removes the same fraction of what is left: <c>⌈ln(1 − s) / ln(1 − f)⌉</c>, at least 1.</summary>
    /// <param name="sparsity">The fraction of weights to remove in all, in [0, 1).</param>
    /// <param name="perRound">The fraction to remove in a round, in (0, 1); default 0.2, the authors'.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static int RoundsFor(double sparsity, double perRound = 0.2)
    {
        Pruner.Check(sparsity);
        if (!(perRound > 0 && perRound < 1)) throw new ArgumentOutOfRangeException(nameof(perRound), perRound, "The fraction to remove in a round is above 0 and below 1.");
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
        Pruner.Check(sparsity);
        RequireFolder();
        options ??= new PruningOptions();
        if (options.Ablation != SanityAblation.None)
        {
            throw new ArgumentException(
                $"IMP has no ablation {options.Ablation}: it prunes between trainings, not before one. Shuffle its mask by PruningMask.ShuffleWithinLayers instead.",
                nameof(options));
        }

        var watch = Stopwatch.StartNew();
        var layers = See(model, data, options, cancellationToken);
        var plan = options.Schedule.Plan(options.Rounds ?? DefaultRounds, 1 - sparsity);
        var last = new KeepCount(plan[^1], options.Counting);
        options.Scope.Check(layers.Ranked.Select(layer => (layer.Name, layer.Shape.Aggregate(1L, (a, b) => a * b))), last);

        using var found = new FoundModel(model);
        PruningMask? mask = null;
        try
        {
            var run = new ImpRun(train, model, found, layers.Ranked, cancellationToken);
            using var end = run.Iterate(plan, options, Checkpoint, watch);
            end.Rewind.CopyTo(model);
            found.Restore();
            mask = new PruningMask(end.Mask.Names.Select(name => KeyValuePair.Create(name, end.Mask[name])), Metadata(sparsity, options, end));
            var report = Pruner.Report(Name, mask, layers.Ranked, layers.Others);
            var result = new PruningResult(mask, mask.Bind(model), report, watch.Elapsed);
            DeleteCheckpoint(options.Logger);
            return result;
        }
        catch
        {
            mask?.Dispose();
            found.RestoreAll();
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
        var layers = See(model, data, options, cancellationToken);
        using var found = new FoundModel(model);
        var run = new ImpRun(train, model, found, layers.Ranked, cancellationToken);
        using var all = run.Everything();
        PruningScores? scores = null;
        try
        {
            run.Train(mask ?? all, 1, 1, options.Seed ?? Random.Shared.NextInt64())?.Dispose();
            using var scope = NewDisposeScope();
            scores = new PruningScores(layers.Ranked.ToDictionary(
                layer => layer.Name, layer => run.Magnitude(layer.Name, mask ?? all).DetachFromDisposeScope()));
            found.State.CopyTo(model);
            found.Restore();
            return scores;
        }
        catch
        {
            scores?.Dispose();
            found.RestoreAll();
            throw;
        }
    }

    private static (List<LayerInfo> Ranked, List<LayerInfo> Others) See(
        Module<Tensor, Tensor> model, PruningData data, PruningOptions options, CancellationToken token) =>
        new ScoringFrame("IMP").Run(model, data, options, context => (Pruner.Describe(context.Network, ranked: true), Pruner.Describe(context.Network, ranked: false)), token);

    private Dictionary<string, string> Metadata(double sparsity, PruningOptions options, ImpCheckpoint end) => new()
    {
        ["method"] = Name,
        ["sparsity"] = sparsity.ToString("R", CultureInfo.InvariantCulture),
        ["rounds"] = end.Settings["rounds"],
        ["schedule"] = options.Schedule.ToString()!,
        ["scope"] = options.Scope.ToString()!,
        ["counting"] = options.Counting.ToString(),
        ["data"] = "none",
        ["seed"] = end.Settings["seed"],
        ["rewind"] = end.Settings["rewind"],
    };

    /// <summary>The run is over. Its result is not lost where the file cannot be deleted.</summary>
    private void DeleteCheckpoint(ILogger? logger)
    {
        try
        {
            if (Checkpoint is not null) File.Delete(Checkpoint);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger?.LogWarning(e, "The run is over, but its checkpoint '{Checkpoint}' could not be deleted. Delete it before the next run.", Checkpoint);
        }
    }

    private void RequireFolder()
    {
        if (Checkpoint is null) return;
        string folder = Path.GetDirectoryName(Path.GetFullPath(Checkpoint))!;
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"The folder of the checkpoint does not exist: '{folder}'.");
    }
}

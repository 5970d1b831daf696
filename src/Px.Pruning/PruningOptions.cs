using System.Globalization;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>How to prune, whatever the method. A method's own settings are properties of its pruner.</summary>
public sealed record PruningOptions
{
    private readonly int? rounds;
    private readonly int batchSize = 128;
    private readonly WeightCounting counting;
    private readonly SanityAblation ablation;

    /// <summary>Score-rank-mask rounds, at least 1. Default <see langword="null"/>: <see cref="IPruner.DefaultRounds"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? Rounds
    {
        get => rounds;
        init
        {
            if (value is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(Rounds));
            rounds = value;
        }
    }

    /// <summary>How much is removed in each round. Default <see cref="SparsitySchedule.Exponential"/>.</summary>
    public SparsitySchedule Schedule { get; init; } = SparsitySchedule.Exponential;

    /// <summary>Which weights are ranked against each other. Default <see cref="PruningScope.Global"/>.</summary>
    public PruningScope Scope { get; init; } = PruningScope.Global;

    /// <summary>How the density of a round becomes a whole number of weights. Default <see cref="WeightCounting.Rounded"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no member of the enumeration.</exception>
    public WeightCounting Counting
    {
        get => counting;
        init => counting = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Counting), value, "Not a way to count weights.");
    }

    /// <summary>What to spoil on purpose, to see what the method's choice is worth. Default <see cref="SanityAblation.None"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no member of the enumeration.</exception>
    public SanityAblation Ablation
    {
        get => ablation;
        init => ablation = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Ablation), value, "Not a sanity ablation.");
    }

    /// <summary>Which parameters may be pruned. Default: the weight of every convolution, transposed convolution and linear layer.</summary>
    public ParameterSelection Parameters { get; init; } = ParameterSelection.Default;

    /// <summary>How much data is scored on; collected once, so that every round sees the same. Default ten samples a class.</summary>
    public DataBudget Data { get; init; } = DataBudget.PerClass(10);

    /// <summary>Samples in one scoring batch, at least 1. Default 128. Collected samples are regrouped to this size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int BatchSize
    {
        get => batchSize;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(BatchSize));
            batchSize = value;
        }
    }

    /// <summary>
    /// The loss of methods that use one: (output, target) to a scalar. Default <see langword="null"/>: mean cross-entropy
    /// of logits [B, K, …] against class indices [B, …].
    /// </summary>
    public Func<Tensor, Tensor, Tensor>? Loss { get; init; }

    /// <summary>
    /// Makes random choices repeatable; the global generators are then left in the state they were found in.
    /// Default <see langword="null"/>: a fresh seed from the operating system.
    /// </summary>
    public long? Seed { get; init; }

    /// <summary>Receives one message a round and warnings about the data. Default <see langword="null"/>: silent.</summary>
    public ILogger? Logger { get; init; }

    /// <summary>
    /// Receives one report after each round, on the thread that prunes. A call whose passes are small keeps libtorch on that thread
    /// alone until it returns.
    /// Default <see langword="null"/>.
    /// </summary>
    public IProgress<PruningProgress>? Progress { get; init; }

    /// <summary>
    /// Receives the mask after each round, before <see cref="Progress"/> is told, with <c>method</c> and <c>round</c> as metadata; before
    /// <see cref="SanityAblation.ShuffleWithinLayers"/>, which comes after the last round. The masks are the caller's to dispose, also where pruning
    /// throws; each takes a byte for every prunable weight. Default <see langword="null"/>: they are not kept.
    /// </summary>
    public ICollection<PruningMask>? RoundMasks { get; init; }

    internal void ReportRound(PruningProgress progress, IEnumerable<KeyValuePair<string, Tensor>> masks)
    {
        Logger?.LogInformation("{Method} round {Round} of {Rounds}: {Kept} of {Total} weights kept.", progress.Method, progress.Round, progress.Rounds, progress.Kept, progress.Total);
        RoundMasks?.Add(new PruningMask(masks, new Dictionary<string, string>
        {
            ["method"] = progress.Method,
            ["round"] = progress.Round.ToString(CultureInfo.InvariantCulture),
        }));
        Progress?.Report(progress);
    }
}

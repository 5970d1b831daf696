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
        init => rounds = value is { } given ? Require.AtLeast(1, given) : null;
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

    /// <summary>Which parameters may be pruned. Default: the weight of every convolution, transposed convolution and linear
    /// layer.</summary>
    public ParameterSelection Parameters { get; init; } = ParameterSelection.Default;

    /// <summary>How much data is scored on; collected once, so that every round sees the same. Default ten samples a class.</summary>
    public DataBudget Data { get; init; } = DataBudget.PerClass(10);

    /// <summary>Samples in one scoring batch, at least 1. Default 128. Collected samples are regrouped to this size; one that is
    /// left over joins the batch before, since norm layers have no variance of one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int BatchSize
    {
        get => batchSize;
        init => batchSize = Require.AtLeast(1, value);
    }

    /// <summary>
    /// The loss of methods that use one: (output, target) to a scalar, the mean over the batch. It may read the model's weights, as a
    /// penalty does. Default <see langword="null"/>: mean cross-entropy of logits [B, K, …], K at least 2, against class indices [B, …] or
    /// class probabilities [B, K, …] that sum to 1.
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
    /// Receives one report after each round, on the thread that prunes. A call whose passes are small keeps libtorch on that thread alone
    /// until it returns. Default <see langword="null"/>.
    /// </summary>
    public IProgress<PruningProgress>? Progress { get; init; }

    /// <summary>
    /// Receives the mask after each round, before <see cref="Progress"/> is told, with <c>method</c> and <c>round</c> as metadata; before
    /// <see cref="SanityAblation.ShuffleWithinLayers"/>, which comes after the last round. The masks are the caller's to dispose, also
    /// where pruning throws; each takes a byte for every prunable weight. Default <see langword="null"/>: they are not kept.
    /// </summary>
    public ICollection<PruningMask>? RoundMasks { get; init; }
}

/// <summary>What a prune spoils on purpose, to see what a method's choice is worth.</summary>
/// <remarks>
/// Train the spoilt network as the sound one. Where a network trains as well after <see cref="ShuffleWithinLayers"/> or
/// <see cref="Reinitialize"/>, the method found layer densities and no winning ticket; where it does after <see cref="InvertScores"/>, its
/// scores mean nothing.
/// <para><b>Source:</b> Frankle et al., ICLR 2021, <see href="https://arxiv.org/abs/2009.08576"/>; the first two also Su et al., NeurIPS
/// 2020, <see href="https://arxiv.org/abs/2009.11094"/>.</para>
/// </remarks>
public enum SanityAblation
{
    /// <summary>Nothing: the method as published.</summary>
    None,

    /// <summary>
    /// In every layer the finished mask keeps as many weights, but at random places, as by <see cref="PruningMask.ShuffleWithinLayers"/>
    /// with <see cref="PruningOptions.Seed"/>.
    /// </summary>
    ShuffleWithinLayers,

    /// <summary>
    /// The mask stays, and the kept weights of every pruned parameter are drawn anew: <c>N(0, 2 / fan_in)</c> with
    /// <c>fan_in = weights / first dimension</c>. This overwrites the caller's kept weights. Biases, normalisation layers and parameters
    /// that <see cref="PruningOptions.Parameters"/> leaves out stay as they are.
    /// </summary>
    Reinitialize,

    /// <summary>In every round the weights with the lowest scores are kept. Pruned weights stay pruned.</summary>
    InvertScores,
}

/// <summary>How a density d becomes a whole number out of N weights.</summary>
/// <remarks>
/// The two numbers are the same or differ by one. One weight more or less in the first round changes the scores of all later rounds, so
/// that the masks of public codes are repeated weight for weight only with the rule that these codes have.
/// <para>
/// <b>Deviation:</b> those codes also remove every weight whose score equals the largest score removed; here the number is exact whatever
/// the scores.
/// </para>
/// </remarks>
public enum WeightCounting
{
    /// <summary><c>round(d · N)</c> are kept, halves away from zero. The default.</summary>
    Rounded,

    /// <summary>
    /// <c>⌊(1 − d) · N⌋</c> are removed, computed in float64: the number to remove is truncated, as the public codes of SynFlow, NTK-SAP
    /// and PX have it.
    /// </summary>
    Truncated,
}

/// <summary>Where a running <see cref="IPruner.Prune"/> stands after a round.</summary>
/// <param name="Method"><see cref="IPruner.Name"/>.</param>
/// <param name="Round">Rounds done, from 1 to <paramref name="Rounds"/>.</param>
/// <param name="Rounds">Rounds in all.</param>
/// <param name="Kept">Weights kept after this round.</param>
/// <param name="Total">Prunable weights.</param>
/// <param name="Elapsed">Time since the call began.</param>
public sealed record PruningProgress(string Method, int Round, int Rounds, long Kept, long Total, TimeSpan Elapsed)
{
    /// <summary>The fraction of prunable weights that are kept, in [0, 1].</summary>
    public double Density => Total == 0 ? 1 : (double)Kept / Total;
}

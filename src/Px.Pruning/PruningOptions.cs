using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Options of a prune that do not depend on the method. A method's own settings are properties of its pruner.</summary>
public sealed record PruningOptions
{
    /// <summary>The number of rounds, at least 1. Default <see langword="null"/>: <see cref="IPruner.DefaultRounds"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? Rounds { get; init => field = value is { } given ? Require.AtLeast(1, given) : null; }

    /// <summary>How much is removed in each round. Default <see cref="SparsitySchedule.Exponential"/>.</summary>
    public SparsitySchedule Schedule { get; init; } = SparsitySchedule.Exponential;

    /// <summary>Which weights are ranked against each other. Default <see cref="PruningScope.Global"/>.</summary>
    public PruningScope Scope { get; init; } = PruningScope.Global;

    /// <summary>How the density of a round becomes a whole number of weights. Default <see cref="WeightCounting.Rounded"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enumeration.</exception>
    public WeightCounting Counting { get; init => field = Require.Defined(value, "Not a way to count weights."); }

    /// <summary>Which sanity ablation to apply to the mask. Default <see cref="SanityAblation.None"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enumeration.</exception>
    public SanityAblation Ablation { get; init => field = Require.Defined(value, "Not a sanity ablation."); }

    /// <summary>
    /// Which parameters may be pruned. Default: weights of convolutions, transposed convolutions and linear layers that the output depends
    /// on in evaluation mode.
    /// </summary>
    public ParameterSelection Parameters { get; init; } = ParameterSelection.Default;

    /// <summary>
    /// What parameters and buffers do that the model's own forward reads, by name, such as a layer scale. Only for those that a method of
    /// paths asks about: it finds the others out, and leaves alone those on no path. Default <see langword="null"/>: none.
    /// </summary>
    /// <exception cref="ArgumentException">When pruning: the model has no such tensor, or a layer's computation reads it.</exception>
    public IReadOnlyDictionary<string, RawTensorRole>? RawTensors { get; init; }

    /// <summary>How much data is scored on; read once, so that every round sees the same. Default ten samples a class.</summary>
    public DataBudget Data { get; init; } = DataBudget.PerClass(10);

    /// <summary>
    /// The number of samples in a scoring batch, at least 1. Default 128. Samples read by class are regrouped to it; a single one that is
    /// left over joins the batch before, since norm layers have no variance of one, except where batches count alike
    /// (<see cref="SnipPruner.CountsBatchesAlike"/>).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int BatchSize { get; init => field = Require.AtLeast(1, value); } = 128;

    /// <summary>
    /// The loss of methods that use one: (output, target) to a scalar, the mean over the batch. It may read the model's weights, as a
    /// penalty does. Default <see langword="null"/>: mean cross-entropy of logits [B, K, …], K at least 2, with class indices [B, …], of
    /// which −100 is left out, or class probabilities [B, K, …] that sum to 1. Another label to leave out, such as Pascal VOC's 255:
    /// <c>(output, target) => functional.cross_entropy(output, target, ignore_index: 255)</c>.
    /// </summary>
    public Func<Tensor, Tensor, Tensor>? Loss { get; init; }

    /// <summary>
    /// The seed of all random choices, which come from generators of the call's own. Default <see langword="null"/>: a new seed.
    /// TorchSharp's global generator is seeded, and put back afterwards, only where the caller's code may draw from it: a model whose
    /// answers to one sample differ, <see cref="Loss"/>, or a criterion of <see cref="CustomPruner"/>. What other threads draw from it
    /// meanwhile comes again. The generator of a GPU on which the model lies is seeded then too, and cannot be put back.
    /// </summary>
    public long? Seed { get; init; }

    /// <summary>Receives one message a round and warnings about the data. Default <see langword="null"/>: no logging.</summary>
    public ILogger? Logger { get; init; }

    /// <summary>
    /// Receives a report after each round, on the thread that prunes. In calls whose passes are small, libtorch runs on that thread only
    /// until the call returns. Default <see langword="null"/>: no reports.
    /// </summary>
    public IProgress<PruningProgress>? Progress { get; init; }

    /// <summary>
    /// Receives the mask of each round, before <see cref="Progress"/> is called, with <c>method</c> and <c>round</c> as metadata.
    /// <see cref="SanityAblation.ShuffleWithinLayers"/> does not affect it, since it shuffles after the last round. The caller disposes the
    /// masks, also when pruning throws; each takes a byte per prunable weight. Default <see langword="null"/>: they are not kept.
    /// </summary>
    public ICollection<PruningMask>? RoundMasks { get; init; }
}

/// <summary>A sanity ablation: a change to the mask or the weights that removes part of what a method decided.</summary>
/// <remarks>
/// Train the ablated network like the original. If it trains as well after <see cref="ShuffleWithinLayers"/> or
/// <see cref="Reinitialize"/>, only the method's layer densities matter, not its choice of weights or their initial values; if it does
/// after <see cref="InvertScores"/>, the scores carry no information.
/// <para><b>Source:</b> Frankle et al., ICLR 2021, <see href="https://arxiv.org/abs/2009.08576"/>; the first two also Su et al., NeurIPS
/// 2020, <see href="https://arxiv.org/abs/2009.11094"/>.</para>
/// </remarks>
public enum SanityAblation
{
    /// <summary>No ablation: the method as published.</summary>
    None,

    /// <summary>
    /// After the last round each layer's mask is shuffled by <see cref="PruningMask.ShuffleWithinLayers"/> with
    /// <see cref="PruningOptions.Seed"/>: every layer keeps as many weights at random positions.
    /// </summary>
    ShuffleWithinLayers,

    /// <summary>
    /// The mask is the method's, but the kept weights of every pruned parameter are drawn anew: <c>N(0, 2 / fan_in)</c> with
    /// <c>fan_in = weights / first dimension</c>. This overwrites the caller's kept weights. Biases, normalisation layers and parameters
    /// that <see cref="PruningOptions.Parameters"/> excludes do not change.
    /// </summary>
    Reinitialize,

    /// <summary>Every round keeps the weights with the lowest scores. Pruned weights stay pruned.</summary>
    InvertScores,
}

/// <summary>How many of N weights are kept at a density d.</summary>
/// <remarks>
/// The two rules differ by at most one weight. One weight more or less in the first round changes the scores of all later rounds, so a
/// mask of an authors' code can be reproduced weight for weight only with the rule of that code.
/// <para><b>Deviation:</b> those codes also remove all weights that tie with the largest score removed; here the number is exact.</para>
/// </remarks>
public enum WeightCounting
{
    /// <summary><c>round(d · N)</c> are kept, halves away from zero. The default.</summary>
    Rounded,

    /// <summary>
    /// <c>⌊(1 − d) · N⌋</c> are removed, computed in float64: the number to remove is truncated, as in the authors' code of SynFlow,
    /// NTK-SAP and PX.
    /// </summary>
    Truncated,
}

/// <summary>The progress of a running <see cref="IPruner.Prune"/> after a round.</summary>
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

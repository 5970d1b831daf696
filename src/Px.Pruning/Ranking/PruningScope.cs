using Px.Pruning.Ranking;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Which weights are ranked against each other: turns the scores of a round into a mask.</summary>
/// <remarks>
/// <para>
/// <b>Law:</b> of N weights, pruned ones included, exactly <c>round(density · N)</c> are kept (halves away from zero), or all that are
/// left if fewer; <see cref="LayerWise"/> rounds in every layer instead, and <see cref="NOfM"/> has a density of its own. A pruned weight
/// never returns.
/// <see cref="PruningOptions.Counting"/> can replace <c>round(density · …)</c>, here and below, except in a minimum density.
/// </para>
/// <para>
/// <b>Ties:</b> of equal scores the earlier weight is kept: first by the order of the parameters in the model, then by the row-major index
/// inside the parameter. −0 equals +0. When pruning, of weights that all score 0 the larger is kept.
/// </para>
/// <para><b>Cost:</b> linear in N, a few passes over the scores. Memory for the masks.</para>
/// </remarks>
/// <example><code>var options = new PruningOptions { Scope = PruningScope.Global.WithMinimumDensity(0.01) };</code></example>
public abstract class PruningScope
{
    private protected PruningScope() { }

    /// <summary>Ranks all weights together: layers may end with very different densities, or without any weight.</summary>
    public static PruningScope Global { get; } = new GlobalScope();

    /// <summary>Ranks each layer by itself: of its n weights <c>round(density · n)</c> are kept.</summary>
    /// <remarks>
    /// A layer that is too small for its share keeps none. Because every layer is rounded, the total may differ slightly from
    /// <c>round(density · N)</c>; with <see cref="Uniform"/> it is exact.
    /// </remarks>
    public static PruningScope LayerWise { get; } = new LayerWiseScope();

    /// <summary>Keeps the same density in every layer, and exactly <c>round(density · N)</c> weights in total.</summary>
    /// <remarks>Rounds by largest remainder, of equal ones the earlier layer first. A layer keeps at most what is left in it.</remarks>
    public static PruningScope Uniform { get; } = new ApportionedScope("uniform", LayerShares.Uniform);

    /// <summary>
    /// Erdős–Rényi: keeps a density in each layer that is proportional to <c>(a + b) / (a·b)</c> for a weight of stored shape [a, b, …].
    /// Small layers stay denser.
    /// </summary>
    /// <remarks>
    /// A layer whose share exceeds what is left in it keeps all of that, and the others divide the excess in the same proportion: exactly
    /// <c>round(density · N)</c> weights remain. Rounding goes by largest remainder, of equal ones the earlier layer first.
    /// <para><b>Source:</b> Mocanu et al., Nature Communications 2018, <see href="https://arxiv.org/abs/1707.04780"/>.</para>
    /// </remarks>
    public static PruningScope ErdosRenyi { get; } = new ApportionedScope("erdos-renyi", LayerShares.ErdosRenyi);

    /// <summary>
    /// Erdős–Rényi-Kernel: keeps a density in each layer that is proportional to <c>(a + b + Σk) / (a·b·Πk)</c> for a weight of stored
    /// shape [a, b, k₁, k₂, …]; for linear layers the same as <see cref="ErdosRenyi"/>.
    /// </summary>
    /// <remarks>
    /// Exact and limited by what is left in each layer, as <see cref="ErdosRenyi"/> is.
    /// <para><b>Source:</b> Evci et al., ICML 2020, <see href="https://arxiv.org/abs/1911.11134"/>.</para>
    /// </remarks>
    public static PruningScope ErdosRenyiKernel { get; } = new ApportionedScope("erdos-renyi-kernel", LayerShares.ErdosRenyiKernel);

    /// <summary>Adds a minimum to this scope: of n weights each layer keeps at least its best <c>max(1, round(minimum · n))</c>.</summary>
    /// <remarks>
    /// The total is still exactly <c>round(density · N)</c>: the weights above the minimums are chosen as this scope does, by one ranking
    /// for <see cref="Global"/>, in proportion for <see cref="Uniform"/>, <see cref="ErdosRenyi"/> and <see cref="ErdosRenyiKernel"/>;
    /// <see cref="LayerWise"/> becomes <see cref="Uniform"/>. A prune whose final density is too low for the minimums throws
    /// <see cref="ArgumentException"/> before anything is scored.
    /// </remarks>
    /// <param name="minimum">The least fraction of each layer to keep, in [0, 1]; 0 keeps at least one weight per layer.</param>
    /// <returns>A new scope; this one does not change.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="minimum"/> is not in [0, 1].</exception>
    /// <exception cref="NotSupportedException">This scope is made by <see cref="Custom"/> or <see cref="NOfM"/>.</exception>
    public PruningScope WithMinimumDensity(double minimum)
    {
        const string range = "A minimum density is the fraction of each layer to keep at least, in [0, 1].";
        if (!(minimum >= 0 && minimum <= 1)) throw new ArgumentOutOfRangeException(nameof(minimum), minimum, range);
        return NoMinimum is not { } reason ? new MinimumDensityScope(this, minimum)
            : throw new NotSupportedException($"The scope '{this}' takes no minimum density: {reason}.");
    }

    /// <summary>
    /// N:M sparsity: of every <paramref name="m"/> consecutive inputs of each output unit and kernel tap the best <paramref name="n"/> are
    /// kept, the pattern that sparse tensor cores take (2:4).
    /// </summary>
    /// <remarks>
    /// <para>
    /// Prune to the sparsity that the pattern has, <c>1 − n/m</c>, such as 0.5 for 2:4: any other is refused. In a round of density d, the
    /// best <c>round(d · m)</c> of each group are kept, always rounded, so that the pattern tightens step by step and is exact after the
    /// last. A group in which an earlier pruning left fewer keeps these.
    /// </para>
    /// <para>
    /// Groups never cross from one output unit, kernel tap or group of channels to another: in a weight [out, in / groups, …] they lie
    /// along the second dimension, in that of a transposed convolution, [in, out / groups, …], along the first. Inputs beyond the last
    /// whole group stay, all of them in a layer of fewer than <paramref name="m"/> (an image's channels, a depthwise convolution), so
    /// that the whole network's sparsity is lower than the pattern's; <see cref="LayerReport.Pattern"/> says what each layer has.
    /// </para>
    /// <para>
    /// Only the pattern is made here: whether anything runs faster with it is up to the hardware and kernels that you bring. libtorch's
    /// usual ones multiply by zeros like by any number. <see cref="SanityAblation.ShuffleWithinLayers"/> would break the pattern and is
    /// refused; <see cref="RandomPruner"/> draws a random one. Ties are broken within a group as documented above.
    /// </para>
    /// <para><b>Source:</b> Mishra et al., 2021, <see href="https://arxiv.org/abs/2104.08378"/>.</para>
    /// </remarks>
    /// <param name="n">How many weights of a group to keep, from 1 to <paramref name="m"/> − 1.</param>
    /// <param name="m">The number of weights in a group, from 2 to 32.</param>
    /// <param name="excludesUneven">
    /// Whether layers whose number of inputs <paramref name="m"/> does not divide are left whole. Default: only their last inputs are,
    /// which hardware may not take.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="n"/> or <paramref name="m"/> is outside its range.</exception>
    /// <exception cref="ArgumentException">
    /// When pruning: the sparsity is another, no layer has a whole group, or a parameter is selected that is not the weight of a
    /// convolution or linear layer.
    /// </exception>
    public static PruningScope NOfM(int n, int m, bool excludesUneven = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(m, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(m, InputPattern.LargestGroup);
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(n, m);
        return new NOfMScope(n, m, excludesUneven);
    }

    /// <summary>Creates a scope from a function of your own, for example to rank groups of layers.</summary>
    /// <param name="select">
    /// Receives the scores of a round, the density to reach and the mask so far (<see langword="null"/> in the first round), all borrowed.
    /// Returns the round's mask over the same parameters in their shapes; the library disposes it. Call
    /// <see cref="Select(PruningScores, double, PruningMask, WeightCounting)"/> of another scope for each group.
    /// </param>
    /// <param name="name">The scope's name in the mask's metadata.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="select"/> is null, or <paramref name="name"/> is null or empty. A prune throws it if the returned mask does not
    /// cover the parameters, or keeps a weight that was pruned before.
    /// </exception>
    public static PruningScope Custom(Func<PruningScores, double, PruningMask?, PruningMask> select, string name = "custom")
    {
        ArgumentNullException.ThrowIfNull(select);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new CustomScope(select, name);
    }

    /// <summary>Creates a mask that keeps the weights with the largest scores.</summary>
    /// <param name="scores">
    /// The scores of all parameters or of some of them. Where a pruner or the library made them, <see cref="NOfM"/> knows which dimension
    /// the inputs are; of others it takes the second.
    /// </param>
    /// <param name="density">The fraction of all their weights to keep, in [0, 1].</param>
    /// <param name="mask">
    /// The mask so far; weights that it prunes do not return. It may cover more parameters. Default <see langword="null"/>: nothing is
    /// pruned yet.
    /// </param>
    /// <param name="counting">How the density becomes a number of weights. Default <see cref="WeightCounting.Rounded"/>.</param>
    /// <returns>A mask over the parameters of <paramref name="scores"/>; the caller disposes it.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="density"/> is not in [0, 1].</exception>
    /// <exception cref="ArgumentException">The mask has another shape than the scores, or the scope cannot be satisfied.</exception>
    /// <exception cref="NonFiniteScoreException">The score of a weight that is not pruned is NaN or infinite.</exception>
    public PruningMask Select(
        PruningScores scores, double density, PruningMask? mask = null, WeightCounting counting = WeightCounting.Rounded)
    {
        ArgumentNullException.ThrowIfNull(scores);
        if (!(density >= 0 && density <= 1))
            throw new ArgumentOutOfRangeException(nameof(density), density, "The density is the fraction of weights to keep, in [0, 1].");
        using var temporaries = NewDisposeScope();
        var keep = new KeepCount(density, counting);
        var parameters = scores.Names.Select(name => ScoredParameter.Of(name, scores[name], mask) with { Inputs = scores.InputsOf(name) })
            .ToList();
        Check(parameters.Select(p => (p.Name, p.Scores.numel())), keep);
        return PruningMask.Adopt(parameters.Zip(Select(parameters, keep), (p, kept) => KeyValuePair.Create(p.Name, kept)));
    }

    // Why there is no minimum density for this scope; null if there is.
    internal virtual string? NoMinimum => null;

    // Throws ArgumentException if the scope's guarantee cannot hold at the density of the last round. Called before anything is scored.
    internal virtual void Check(IEnumerable<(string Name, long Weights)> parameters, KeepCount keep) { }

    // Throws ArgumentException if the last round's density is not the scope's own, or the parameters are not such as it ranks. Called
    // before anything is scored, and only for a whole prune: Select may be called with the density of a round.
    internal virtual void CheckPrune(double density, IEnumerable<(string Name, InputAxis? Inputs)> parameters) { }

    // A new bool CPU tensor for each parameter, in its shape, true where a weight is kept.
    internal IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep) =>
        Select(parameters, keep, new long[parameters.Count]);

    // floors: the least number of weights to keep of each parameter: at most those alive in it, and in total at most those kept.
    internal abstract IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors);
}

using Px.Pruning.Ranking;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Which weights are ranked against each other. Knows scores only: no model, no schedule.</summary>
/// <remarks>
/// <para><b>Law:</b> of N weights, pruned ones included, exactly <c>round(density · N)</c> are kept (halves away from zero), or all
/// that are left where fewer are; <see cref="LayerWise"/> rounds in every layer instead. A pruned weight never returns.
/// <see cref="PruningOptions.Counting"/> can replace <c>round(density · …)</c>, here and below, except in a minimum density.</para>
/// <para><b>Ties:</b> of equal scores the earlier weight is kept: first by the order of the parameters in the model, then by the
/// row-major index inside the parameter. −0 equals +0. In a prune scores of 0 say nothing, and the larger of their weights is kept.</para>
/// <para><b>Cost:</b> linear in N, a few passes over the scores. Memory for the masks.</para>
/// </remarks>
public abstract class PruningScope
{
    private protected PruningScope() { }

    /// <summary>All weights in one ranking: layers may end with very different densities, or empty.</summary>
    public static PruningScope Global { get; } = new GlobalScope();

    /// <summary>
    /// Each parameter is a ranking of its own: of n weights <c>round(density · n)</c> are kept, so that all layers end with the same
    /// density to the nearest weight, and a layer too small for its share with none. Sums to <c>round(density · N)</c> only nearly;
    /// <see cref="Uniform"/> does exactly.
    /// </summary>
    public static PruningScope LayerWise { get; } = new LayerWiseScope();

    /// <summary>Every layer keeps the same density, and all together exactly <c>round(density · N)</c> weights.</summary>
    /// <remarks>
    /// Fractions of weights go to the layers with the largest ones, of equal ones to the earlier. In later rounds a layer keeps at most
    /// what is left in it.
    /// </remarks>
    public static PruningScope Uniform { get; } = new ApportionedScope("uniform", LayerShares.Uniform);

    /// <summary>
    /// Erdős–Rényi: a layer's density is in proportion to <c>(a + b) / (a·b)</c>, where the weight has shape [a, b, …] as it is stored.
    /// Small layers stay denser.
    /// </summary>
    /// <remarks>
    /// A layer whose share exceeds what is left in it keeps all of that, and the others divide the excess in the same proportion: exactly
    /// <c>round(density · N)</c> weights remain. Fractions go where they are largest, of equal ones to the earlier layer.
    /// <para><b>Source:</b> Mocanu et al., Nature Communications 2018, <see href="https://arxiv.org/abs/1707.04780"/>.</para>
    /// </remarks>
    public static PruningScope ErdosRenyi { get; } = new ApportionedScope("erdos-renyi", LayerShares.ErdosRenyi);

    /// <summary>
    /// Erdős–Rényi-Kernel: a layer's density is in proportion to <c>(a + b + Σk) / (a·b·Πk)</c>, where the weight has shape [a, b, k₁, k₂,
    /// …] as it is stored; for linear layers the same as <see cref="ErdosRenyi"/>.
    /// </summary>
    /// <remarks>
    /// Exact and limited by what is left in each layer, as <see cref="ErdosRenyi"/> is.
    /// <para><b>Source:</b> Evci et al., ICML 2020, <see href="https://arxiv.org/abs/1911.11134"/>.</para>
    /// </remarks>
    public static PruningScope ErdosRenyiKernel { get; } = new ApportionedScope("erdos-renyi-kernel", LayerShares.ErdosRenyiKernel);

    /// <summary>This scope, but no layer is emptied: of n weights at least <c>max(1, round(minimum · n))</c> remain, the best of the
    /// layer.</summary>
    /// <remarks>
    /// The total is still exactly <c>round(density · N)</c>: what is left after the floors is divided as this scope divides, among layers
    /// that want more than their floor. Of <see cref="Global"/> one threshold remains, of <see cref="Uniform"/>, <see cref="ErdosRenyi"/>
    /// and <see cref="ErdosRenyiKernel"/> the proportions; <see cref="LayerWise"/> becomes <see cref="Uniform"/>. A prune whose
    /// last round has no room for the floors throws <see cref="ArgumentException"/> before anything is scored.
    /// </remarks>
    /// <param name="minimum">The fraction of each layer to keep at least, in [0, 1]; 0 asks for one weight a layer.</param>
    /// <returns>A new scope; this one does not change.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="minimum"/> is not in [0, 1].</exception>
    /// <exception cref="NotSupportedException">This scope is made by <see cref="Custom"/>.</exception>
    public PruningScope WithMinimumDensity(double minimum)
    {
        if (!(minimum >= 0 && minimum <= 1))
            throw new ArgumentOutOfRangeException(nameof(minimum),
                minimum, "A minimum density is the fraction of each layer to keep at least, in [0, 1].");
        if (!TakesFloors) throw new NotSupportedException($"The scope '{this}' is a function of your own: let it keep the minimum itself.");
        return new MinimumDensityScope(this, minimum);
    }

    /// <summary>A scope of your own: for example a ranking in groups of layers.</summary>
    /// <param name="select">
    /// Receives the scores of a round, the density to reach and the mask so far (<see langword="null"/> in the first round), all borrowed,
    /// and returns the mask after the round, over the same parameters in their shapes; the library disposes it. Call
    /// <see cref="Select(PruningScores, double, PruningMask, WeightCounting)"/> of another scope for each group.
    /// </param>
    /// <param name="name">What the mask's metadata calls it.</param>
    /// <exception cref="ArgumentException"><paramref name="select"/> is null, or <paramref name="name"/> is null or empty. A prune throws
    /// it where the mask does not cover the parameters, or brings a pruned weight back.</exception>
    public static PruningScope Custom(Func<PruningScores, double, PruningMask?, PruningMask> select, string name = "custom")
    {
        ArgumentNullException.ThrowIfNull(select);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new CustomScope(select, name);
    }

    /// <summary>Makes a mask of scores: keeps the best of those that are ranked against each other here.</summary>
    /// <param name="scores">Larger is more worth keeping. Of all parameters or of a group of them.</param>
    /// <param name="density">The fraction of all their weights to keep, in [0, 1].</param>
    /// <param name="mask">The weights that are still there; a pruned one does not return. Default <see langword="null"/>: all of them. May
    /// cover more parameters.</param>
    /// <param name="counting">How the density becomes a number of weights. Default <see cref="WeightCounting.Rounded"/>.</param>
    /// <returns>A mask over the parameters of <paramref name="scores"/>; the caller disposes it.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="density"/> is not in [0, 1].</exception>
    /// <exception cref="ArgumentException">The mask has another shape than the scores, or the scope cannot keep its promise at this
    /// density.</exception>
    /// <exception cref="NonFiniteScoreException">The score of a weight that is still there is NaN or infinite.</exception>
    public PruningMask Select(PruningScores scores, double density, PruningMask? mask = null,
        WeightCounting counting = WeightCounting.Rounded)
    {
        ArgumentNullException.ThrowIfNull(scores);
        if (!(density >= 0 && density <= 1))
            throw new ArgumentOutOfRangeException(nameof(density), density, "The density is the fraction of weights to keep, in [0, 1].");
        using var temporaries = NewDisposeScope();
        var keep = new KeepCount(density, counting);
        var parameters = scores.Names.Select(name => ScoredParameter.Of(name, scores[name], mask)).ToList();
        Check(parameters.Select(p => (p.Name, p.Scores.numel())), keep);
        return PruningMask.Adopt(parameters.Zip(Select(parameters, keep), (p, kept) => KeyValuePair.Create(p.Name, kept)));
    }

    internal virtual bool TakesFloors => true;

    // Whether the scope can keep its promises at the density of the last round; called before anything is scored. ArgumentException: It
    // cannot; the message says why.
    internal virtual void Check(IEnumerable<(string Name, long Weights)> parameters, KeepCount keep) { }

    // Chooses the weights to keep. Returns: One new bool CPU tensor for each parameter, in its shape, true where a weight is kept; the
    // caller disposes them.
    // NonFiniteScoreException: The score of a weight that is still there is NaN or infinite.
    internal IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep) =>
        Select(parameters, keep, new long[parameters.Count]);

    // floors: How many weights each parameter keeps at least: no more than are alive in it, and in all no more than are kept.
    internal abstract IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors);
}

using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// The network as a function of its prunable weights: give it weights, run it, differentiate, and the caller's model is as it was.
/// Everything else (biases, norm parameters, weights that are left out of pruning) is a constant.
/// </summary>
internal abstract class WeightFunction(Network network) : IDisposable
{
    /// <summary>The function with hooks substituting the weights or, where hooks stay silent, on the caller's own parameters.</summary>
    /// <param name="context">Whose network.</param>
    /// <param name="statistics">What norm layers take their statistics from.</param>
    internal static WeightFunction Of(ScoringContext context, NormStatistics statistics) => context.Network.Silent.Count == 0
        ? new SubstitutedWeights(context.Network, new DataNorms(statistics))
        : new BorrowedWeights(context.Network, statistics);

    /// <summary>
    /// The function of a network as if newly made: norm layers have γ = 1 and β = 0, and take as constants what <see cref="FreezeNorms"/> saw.
    /// </summary>
    internal static WeightFunction WithFreshNorms(ScoringContext context) => context.Network.Silent.Count == 0
        ? new SubstitutedWeights(context.Network, new FreshNorms())
        : new BorrowedWeights(context.Network, statistics: null);

    /// <summary>The function with norm layers as constants, once <paramref name="norms"/> has watched a pass. Where hooks stay silent, only running statistics are constant.</summary>
    /// <param name="context">Whose network.</param>
    /// <param name="norms">Taken over.</param>
    /// <exception cref="UnsupportedModelException">Hooks stay silent, and a norm layer goes by the statistics of its input.</exception>
    internal static WeightFunction WithFrozenNorms(ScoringContext context, NormPolicy norms)
    {
        if (context.Network.Silent.Count == 0) return new SubstitutedWeights(context.Network, norms) { TrainsBiases = norms.TrainsParameters };
        using (norms)
        {
            if (context.Network.Sites.FirstOrDefault(site => site.Norm?.UsesBatch(norms.Statistics) == true) is { } site) throw NotFrozen(site);
            return new BorrowedWeights(context.Network, NormStatistics.Running);
        }
    }

    protected Network Network { get; } = network;

    /// <summary>What gradients are taken of: the weights last set, one for each prunable slot. Borrowed.</summary>
    internal abstract IReadOnlyList<Tensor> Weights { get; }

    /// <summary>Whether a graph outlives the weights that it was made with being replaced.</summary>
    internal abstract bool KeepsGraphs { get; }

    /// <summary>Gives the network other weights: one tensor for each prunable slot, copied.</summary>
    internal abstract void Set(IReadOnlyList<Tensor> values);

    /// <summary>The network's output for an input [B, …], in a graph where gradients are enabled.</summary>
    internal abstract Tensor Run(Tensor input);

    /// <summary>Takes the statistics of all norm layers from this input, by one pass without gradients.</summary>
    internal abstract void FreezeNorms(Tensor input);

    /// <summary>The gradients that backward passes left at <see cref="Weights"/>, which are thereby cleared; zero where none arrived.</summary>
    internal IReadOnlyList<Tensor> TakeGradients()
    {
        using var noGrad = no_grad();
        return [.. Weights.Select(TakeGradient)];
    }

    /// <summary>The gradient that a backward pass left at a weight, which is thereby cleared; zero where none arrived.</summary>
    internal static Tensor TakeGradient(Tensor weight)
    {
        if (weight.grad is not { } gradient) return zeros_like(weight);
        weight.grad = null;
        return gradient;
    }

    public abstract void Dispose();

    private static UnsupportedModelException NotFrozen(Site site) => new(
        $"The normalisation layer '{site.Name}' would take its statistics from the data, and in a network that calls layers through forward() they cannot "
        + "be held constant. Call the layers through call() in the model's own forward, or, for batch norm, choose NormStatistics.Running.")
    { Module = site.Name };
}

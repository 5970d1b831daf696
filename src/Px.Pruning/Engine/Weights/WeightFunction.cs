using Px.Pruning.Engine.Norms;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Weights;

// The network as a differentiable function of its prunable weights, which leaves the caller's model as it was. Everything else (biases,
// norm parameters, weights that are left out of pruning) is a constant.
internal abstract class WeightFunction(Network network) : IDisposable
{
    protected Network Network { get; } = network;

    // The weights last set, by which the function is differentiated. Borrowed.
    internal abstract SlotTensors Weights { get; }

    // Whether a graph stays valid when other weights are set.
    internal abstract bool KeepsGraphs { get; }

    // Hooks substitute the weights; where hooks do not see every use of all of them, the function writes the caller's own parameters.
    internal static WeightFunction Of(Network network, NormStatistics statistics) => network.CanSubstitute
        ? new SubstitutedWeights(network, new DataNorms(statistics, network.Speed.IsOn))
        : new BorrowedWeights(network, statistics);

    // The same for a loss that is differentiated, which may read the weights too; null for the call's own.
    internal static WeightFunction Of(
        ScoringContext context, NormStatistics statistics, (Func<Tensor, Tensor, Tensor> Of, (Inputs, Tensor) Batch)? loss = null) =>
        context.Network.CanSubstitute
            && (loss is { } own ? LossUse.ReadsWeights(context.Network, own.Of, own.Batch) : context.LossReadsWeights)
            ? new BorrowedWeights(context.Network, statistics)
            : Of(context.Network, statistics);

    // The function of a newly made network: norm layers have γ = 1 and β = 0, and keep the statistics of FreezeNorms as constants.
    internal static WeightFunction WithFreshNorms(Network network) => network.CanSubstitute
        ? new SubstitutedWeights(network, new WatchedNorms(null))
        : new BorrowedWeights(network, statistics: null);

    // The caller's network, where norm layers that take their statistics from the data keep those of FreezeNorms as constants.
    internal static WeightFunction WithWatchedNorms(Network network, NormStatistics statistics) => network.CanSubstitute
        ? new SubstitutedWeights(network, new WatchedNorms(statistics))
        : new BorrowedWeights(network, statistics, freezes: true);

    // The function with norm layers as constants, once the norms, which stay the caller's, have watched a pass. Where hooks do not see
    // every layer, only running statistics are constant: an UnsupportedModelException names a norm layer that uses its input's.
    internal static WeightFunction WithFrozenNorms(Network network, NormPolicy norms)
    {
        if (network.CanSubstitute)
            return new SubstitutedWeights(network, norms) { TrainsBiases = norms.TrainsParameters, OwnsNorms = false };
        var other = network.Modules.FirstOrDefault(hooked => hooked.Norm?.UsesBatch(norms.Statistics) == true);
        return other is null ? new BorrowedWeights(network, NormStatistics.Running) : throw NotFrozen(other);
    }

    // Copies the values.
    internal abstract void Set(SlotTensors values);

    // The network's output for an input [B, …], in a graph where gradients are enabled.
    internal abstract Tensor Run(Inputs input);

    // Takes the statistics of all norm layers from a pass of this input.
    internal abstract void FreezeNorms(Inputs input);

    // Takes the gradients that backward passes left at Weights, zero where none arrived, and clears them there.
    internal SlotTensors TakeGradients()
    {
        using var noGrad = no_grad();
        return Weights.Map((_, weight) => TakeGradient(weight));
    }

    internal static Tensor TakeGradient(Tensor weight)
    {
        if (weight.grad is not { } gradient) return zeros_like(weight);
        weight.grad = null;
        return gradient;
    }

    public abstract void Dispose();

    private static UnsupportedModelException NotFrozen(HookedModule hooked) => new(
        $"The normalisation layer '{hooked.Name}' would take its statistics from the data, and in a network that calls layers through "
        + "forward() they cannot be held constant. Call the layers through call() in the model's own forward, or, for batch norm, choose "
        + "NormStatistics.Running.")
    { Module = hooked.Name };
}

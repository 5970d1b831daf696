using Px.Pruning.Engine;
using Px.Pruning.Engine.Weights;
using static TorchSharp.torch;

namespace Px.Pruning;

// What a method needs. Data: all the data of the options; otherwise one batch is read, for the shapes in the report. Shape: the shape of
// an input, if there is no data. Hooks and Paths: hooks must see every use of a weight; Hooks: they must also reach every layer.
// SecondDerivatives: of the loss. WeightsReturn: later rounds rank pruned weights again.
// CallersCode: a criterion of the caller's, which may draw random numbers.
internal sealed record MethodNeeds
{
    internal bool Data { get; init; }

    internal bool Shape { get; init; }

    internal bool Hooks { get; init; }

    internal bool Paths { get; init; }

    internal bool SecondDerivatives { get; init; }

    internal bool WeightsReturn { get; init; }

    internal bool CallersCode { get; init; }

    // Scores are differences that only float64 resolves, also of inputs that the method moves.
    internal bool Float64 { get; init; }

    // How often the mask grows back once it is as sparse as asked, before as many rounds again; the run is an IRestoringRun.
    internal int Restorations { get; init; }

    // Whether a last batch of one sample stays a batch, instead of joining the one before.
    internal bool LoneSampleStays { get; init; }

    // The most samples in a pass of a method that draws its own inputs; the batch size limits it too.
    internal int DrawnSamples { get; init; } = 1;
}

// One call of a method. Owns what the method computes once and keeps from round to round.
internal abstract class MethodRun(ScoringContext context) : IDisposable
{
    protected ScoringContext Context { get; } = context;

    protected Network Network => Context.Network;

    // One score for each prunable weight of the masked network: float64, or float32 where that says it all, on the CPU, in the current
    // dispose scope.
    internal abstract RoundScores Score(ScoringRound round);

    // Adds ∂R/∂leaf to the gradient of each prunable weight's leaf. If the mask cuts all paths, R depends on no leaf: no gradient changes.
    private protected void Backward(Tensor R, SlotTensors leaves)
    {
        if (R.requires_grad) autograd.backward([R], inputs: [.. Network.Prunable.Select(slot => leaves[slot])]);
    }

    public virtual void Dispose() => GC.SuppressFinalize(this);
}

// A run that says which pruned weights to bring back between two series of rounds.
internal interface IRestoringRun
{
    // How much each pruned weight is wanted back, as MethodRun.Score returns it; kept weights score above all others. step: from 1, of
    // those before a round.
    SlotTensors ScoreForRestoration(SlotTensors alive, int round, int step);
}

internal sealed class ScoringRound(Network network, int number, SlotTensors? alive, long? wanted) : IDisposable
{
    private MaskedWeights? weights;

    internal int Number { get; } = number; // from 1

    // The mask so far: bool tensors on the CPU, true where a weight is kept; null before the first mask.
    internal SlotTensors? Alive { get; } = alive;

    // How many weights to keep in this round, for a method that grows its mask; null where weights are only scored.
    internal long? Wanted { get; } = wanted;

    // The network's weights under the mask. Borrowed.
    internal MaskedWeights Weights => weights ??= new MaskedWeights(network, Alive);

    public void Dispose() => weights?.Dispose();
}

// Scores: larger is more worth keeping. Exponent: the power of two that was taken out of all of them.
internal readonly record struct RoundScores(SlotTensors Scores, int Exponent = 0);

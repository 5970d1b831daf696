using Px.Pruning.Engine;
using Px.Pruning.Engine.Weights;

namespace Px.Pruning;

// What a method needs, so that its call can be prepared and a network that it cannot score is refused before anything is computed.
internal sealed record MethodNeeds
{
    // All the data that the options ask for; otherwise one batch is read, for the shapes in the report.
    internal bool Data { get; init; }

    // The shape of an input; data has one.
    internal bool Shape { get; init; }

    // Hooks on every layer: activations (gates) or connections are read from what passes through them.
    internal bool Hooks { get; init; }

    // The network is taken for one of paths, in which no weight has another use than hooks see.
    internal bool Paths { get; init; }

    // Pruned weights are ranked again in later rounds, and may return.
    internal bool WeightsReturn { get; init; }

    // The most samples in a pass of a method that makes its own; the batch size limits it.
    internal int DrawnSamples { get; init; } = 1;
}

// One call of a method: what it computes once and keeps from round to round lives here, and is freed with the call.
internal abstract class MethodRun(ScoringContext context) : IDisposable
{
    protected ScoringContext Context { get; } = context;

    protected Network Network => Context.Network;

    // One score for each prunable weight, float64 on the CPU, in the current dispose scope: of the network as the rounds before left it.
    internal abstract RoundScores Score(ScoringRound round);

    public virtual void Dispose() => GC.SuppressFinalize(this);
}

internal sealed class ScoringRound(Network network, int number, SlotTensors? alive, long? wanted) : IDisposable
{
    private MaskedWeights? weights;

    // From 1.
    internal int Number { get; } = number;

    // For each prunable weight a bool tensor on the CPU, true where it is left; null before the first mask.
    internal SlotTensors? Alive { get; } = alive;

    // How many weights are to stay after this round, for a method that grows its mask; null where weights are only scored.
    internal long? Wanted { get; } = wanted;

    // The network's weights under the mask. Borrowed.
    internal MaskedWeights Weights => weights ??= new MaskedWeights(network, Alive);

    public void Dispose() => weights?.Dispose();
}

// Scores: larger is more worth keeping. Exponent: the power of two that was taken out of all of them.
internal readonly record struct RoundScores(SlotTensors Scores, int Exponent = 0);

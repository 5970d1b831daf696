using Px.Pruning.Methods.LotteryTicket;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>Describes one training to the callback of an <see cref="IterativeMagnitudePruner"/>. Valid while the callback runs.</summary>
public sealed class ImpRound
{
    private bool running = true;

    internal ImpRound(Module model, MaskBinding binding) => (Model, Binding) = (model, binding);

    /// <summary>The module to train.</summary>
    public Module Model { get; }

    /// <summary>The number of the round, from 1 to <see cref="Rounds"/>.</summary>
    public int Number { get; internal init; }

    /// <summary>The number of rounds, at least 1.</summary>
    public int Rounds { get; internal init; }

    /// <summary>The fraction of prunable weights that this round trains, in (0, 1]; 1 in the first round.</summary>
    public double Density { get; internal init; }

    /// <summary>The binding that keeps pruned weights at zero: call its <c>Apply(optimizer)</c> after each step. Borrowed.</summary>
    public MaskBinding Binding { get; }

    /// <summary>A seed of at least 0, made from <see cref="PruningOptions.Seed"/> and the round; the same if the run is resumed.</summary>
    public long Seed { get; internal init; }

    /// <summary>The cancellation token of the call; long trainings should check it.</summary>
    public CancellationToken CancellationToken { get; internal init; }

    internal TrainingState? RewindPoint { get; private set; }

    /// <summary>Saves the model's parameters and buffers as the state to rewind to, instead of the initialisation.</summary>
    /// <remarks>
    /// Call it once, in the first round, after the first few per cent of the steps. Later rounds and the result begin with that state, so
    /// that a learning-rate schedule should start at that step.
    /// </remarks>
    /// <exception cref="InvalidOperationException">It is not the first round, it was called before, or the callback has ended.</exception>
    public void SaveRewindPoint()
    {
        if (!running) throw new InvalidOperationException("The round is over: save the rewind point inside the training callback.");
        const string remedy = "which began at the rewind point. Save it where ImpRound.Number is 1.";
        if (Number != 1) throw new InvalidOperationException($"This is round {Number}, {remedy}");
        if (RewindPoint is not null) throw new InvalidOperationException("The rewind point was saved before in this round.");
        RewindPoint = TrainingState.Of(Model);
    }

    internal void End() => running = false;
}

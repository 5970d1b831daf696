using Px.Pruning.Methods.LotteryTicket;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>One training of <see cref="IterativeMagnitudePruner"/>, as its callback sees it. Valid while the callback runs.</summary>
public sealed class ImpRound
{
    private readonly Module model;
    private bool running = true;

    internal ImpRound(Module model, MaskBinding binding) => (this.model, Binding) = (model, binding);

    /// <summary>The round, from 1 to <see cref="Rounds"/>.</summary>
    public int Number { get; internal init; }

    /// <summary>The number of rounds, at least 1.</summary>
    public int Rounds { get; internal init; }

    /// <summary>The fraction of prunable weights that are trained in this round, in (0, 1]: 1 in the first.</summary>
    public double Density { get; internal init; }

    /// <summary>
    /// Holds the weights pruned so far at zero. Call <c>Apply(optimizer)</c> after each step, so that momentum forgets them too. Borrowed.
    /// </summary>
    public MaskBinding Binding { get; }

    /// <summary>A seed from 0 up that belongs to this round and to <see cref="PruningOptions.Seed"/>: the same when the run is
    /// resumed.</summary>
    public long Seed { get; internal init; }

    /// <summary>The token of the call; long trainings should look at it.</summary>
    public CancellationToken CancellationToken { get; internal init; }

    internal TrainingState? RewindPoint { get; private set; }

    /// <summary>
    /// Makes the model's present state, parameters and buffers, the one that later rounds and the result begin with, instead of the
    /// initialisation: call it once, in the first round, after the first few per cent of the steps.
    /// </summary>
    /// <remarks>Later rounds then start at that step: let a learning-rate schedule begin there.</remarks>
    /// <exception cref="InvalidOperationException">It is not the first round, it was called before, or the callback has
    /// returned.</exception>
    public void SaveRewindPoint()
    {
        if (!running) throw new InvalidOperationException("The round is over: save the rewind point inside the training callback.");
        if (Number != 1)
            throw new InvalidOperationException($"This is round {Number}, which began at the rewind point. Save it where ImpRound.Number "
                + "is 1.");
        if (RewindPoint is not null) throw new InvalidOperationException("The rewind point was saved before in this round.");
        RewindPoint = TrainingState.Of(model);
    }

    internal void End() => running = false;
}

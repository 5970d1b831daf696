namespace Px.Runner.Training;

/// <summary>How far a training is, in plain numbers.</summary>
public sealed record TrainingProgress
{
    /// <summary>Epochs done.</summary>
    public int CompletedEpochs { get; init; }

    /// <summary>The seed of the training.</summary>
    public required long Seed { get; init; }

    /// <summary>The best measure after any epoch so far; null where none was taken.</summary>
    public double? Best { get; init; }

    /// <summary>How long it took, in all of its runs; epochs that were begun and not finished do not count.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>The progress after an epoch with this measure, if one was taken.</summary>
    public TrainingProgress After(int epochs, double? measure, TimeSpan elapsed) =>
        this with { CompletedEpochs = epochs, Elapsed = elapsed, Best = measure is { } value && !(value <= Best) ? value : Best };
}

using Px.Pruning;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Training;

/// <summary>A network that is trained, and what goes with it. Owns nothing.</summary>
public sealed record TrainingSubject
{
    /// <summary>What progress bars call it.</summary>
    public required string Label { get; init; }

    /// <summary>The network, on the trainer's device.</summary>
    public required Module<Tensor, Tensor> Network { get; init; }

    /// <summary>What is pruned; null, the default, for a dense network. Goes into the checkpoint.</summary>
    public PruningMask? Mask { get; init; }

    /// <summary>What holds <see cref="Mask"/>; null, the default, for a dense network.</summary>
    public MaskBinding? Binding { get; init; }

    /// <summary>Decides the order of the samples, augmentation and dropout.</summary>
    public required long Seed { get; init; }

    /// <summary>The file that is written after each epoch; null, the default, for none.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>A checkpoint to go on from; null, the default, to begin.</summary>
    public TrainingCheckpoint? From { get; init; }

    /// <summary>Called after each epoch for the network's measure, of which the best is kept; null, the default, to measure nothing.</summary>
    public Func<double>? Measure { get; init; }
}

using Px.Experiments.Running;

namespace Px.Experiments.Grids;

/// <summary>One network of a grid: everything that decides its numbers, and nothing else. Two cells that are equal are the same experiment.</summary>
public sealed record Cell
{
    /// <summary>The method that removes nothing.</summary>
    public const string Dense = "dense";

    /// <summary>The initialisation that draws the weights.</summary>
    public const string FromScratch = "random";

    /// <summary>The architecture: <c>resnet20</c>, <c>vgg16</c>, …</summary>
    public required string Model { get; init; }

    /// <summary>The data set: <c>cifar10</c>, <c>fashion-mnist</c>, …</summary>
    public required string Data { get; init; }

    /// <summary>Where the weights come from: <c>random</c>, the default, or a pre-training: one of <see cref="Inputs.Initializations"/>.</summary>
    public string Initialization { get; init; } = FromScratch;

    /// <summary>The method, by the name that command lines use, or <see cref="Dense"/>.</summary>
    public required string Method { get; init; }

    /// <summary>The fraction of weights to remove, in [0, 1); 0 for <see cref="Dense"/>.</summary>
    public required double Sparsity { get; init; }

    /// <summary>Pruning rounds, at least 1; null, the default, for as many as the method's authors use.</summary>
    public int? Rounds { get; init; }

    /// <summary>The least fraction of each layer that is kept, in [0, 1); 0, the default, for none.</summary>
    public double MinimumDensity { get; init; }

    /// <summary>What methods score on, one of <see cref="ScoredSamples.Names"/>: <see cref="ScoredSamples.Own"/>, the default, for training samples.</summary>
    public string ScoredOn { get; init; } = ScoredSamples.Own;

    /// <summary>Decides the weights, the order of the data, augmentation, and whatever the method draws.</summary>
    public required int Seed { get; init; }

    /// <summary>Passes over the training data; 0 only prunes.</summary>
    public required int Epochs { get; init; }

    /// <summary>Samples a step, at least 1; null, the default, for the recipe's.</summary>
    public int? Batch { get; init; }

    /// <summary>The highest learning rate; null, the default, for the recipe's.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The most training samples, at least 1; null, the default, for all.</summary>
    public int? TrainSamples { get; init; }

    /// <summary>The most test samples, at least 1; null, the default, for all.</summary>
    public int? TestSamples { get; init; }

    /// <summary>Samples of which the NTK's spectrum is taken after pruning, before training; 0, the default, for no spectrum.</summary>
    public int SpectrumSamples { get; init; }

    /// <summary>
    /// How often pruning is timed, at least 1, the default: the slowest but a twentieth is reported, as in the paper's Table 2. Where it is more, one
    /// round that does not count comes first.
    /// </summary>
    public int TimingRepeats { get; init; } = 1;
}

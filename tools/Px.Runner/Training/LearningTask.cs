using Px.Pruning;
using Px.Runner.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Training;

/// <summary>What is to be learned: networks, samples, loss and measure. All of it is a function of seeds and epochs, so that a run can be repeated and resumed.</summary>
public abstract class LearningTask
{
    /// <summary>What is minimised. Every label counts by default.</summary>
    public CrossEntropy Loss { get; protected init; } = new();

    /// <summary>How much of <see cref="PruningSamples"/> the methods score on: ten samples a class by default, the paper's choice for classification.</summary>
    public DataBudget PruningBudget { get; protected init; } = DataBudget.PerClass(10);

    /// <summary>A new network on the CPU. The caller disposes it.</summary>
    /// <param name="seed">Decides whatever weights are drawn.</param>
    public abstract Module<Tensor, Tensor> NewNetwork(long seed);

    /// <summary>The number of training samples, at least 1.</summary>
    public abstract long TrainingSamples { get; }

    /// <summary>The steps of an epoch: whole batches only.</summary>
    public long Steps(int batchSize) => TrainingSamples / batchSize;

    /// <summary>An epoch's <see cref="Steps"/> batches, shuffled and augmented. Borrowed, each until the next.</summary>
    public abstract IEnumerable<(Tensor Input, Tensor Target)> TrainingBatches(int batchSize, long seed, int epoch, Device device);

    /// <summary>Training samples in a shuffled order, as they are in the files. Borrowed.</summary>
    public abstract IEnumerable<(Tensor Input, Tensor Target)> PruningSamples(long seed);

    /// <summary>The number of test samples, at least 1.</summary>
    public abstract long TestSamples { get; }

    /// <summary>The test samples, in the order of the files. Borrowed.</summary>
    public abstract IEnumerable<(Tensor Input, Tensor Target)> TestBatches(Device device);

    /// <summary>An empty meter.</summary>
    public abstract IMeter NewMeter();
}

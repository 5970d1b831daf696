using Px.Pruning;
using Px.Pruning.Models.Data;
using Px.Runner.Metrics;
using Px.Runner.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Images;

/// <summary>Giving every pixel a class.</summary>
public sealed class SegmentationTask : LearningTask
{
    private const int SmallBatch = 8;

    private readonly SegmentationSets sets;
    private readonly Func<long, Module<Tensor, Tensor>> network;
    private readonly int workers;

    /// <param name="sets">What to train and to test on.</param>
    /// <param name="pruningImages">How many training images the methods score on.</param>
    /// <param name="workers">Threads that prepare batches.</param>
    /// <param name="network">A new network for a seed.</param>
    public SegmentationTask(SegmentationSets sets, int pruningImages, int workers, Func<long, Module<Tensor, Tensor>> network)
    {
        (this.sets, this.workers, this.network) = (sets, workers, network);
        Loss = new CrossEntropy { IgnoreLabel = sets.Train.IgnoreIndex };
        PruningBudget = DataBudget.Batches(Math.Max(1, pruningImages / SmallBatch));
    }

    public override long TrainingSamples => sets.Train.Count;

    public override long TestSamples => sets.Test.Count;

    public override Module<Tensor, Tensor> NewNetwork(long seed) => network(seed);

    public override IEnumerable<(Tensor Input, Tensor Target)> TrainingBatches(int batchSize, long seed, int epoch, Device device) => sets.Train.Batches(new ImageBatchOptions
    {
        BatchSize = batchSize, ShuffleSeed = seed, Epoch = epoch, Augmentation = sets.Augmentation, DropLast = true, Device = device, Workers = workers,
    });

    public override IEnumerable<(Tensor Input, Tensor Target)> PruningSamples(long seed) => sets.Train.Batches(new ImageBatchOptions { BatchSize = SmallBatch, ShuffleSeed = seed });

    public override IEnumerable<(Tensor Input, Tensor Target)> TestBatches(Device device) =>
        sets.Test.Batches(new ImageBatchOptions { BatchSize = SmallBatch, Device = device, Workers = workers });

    public override IMeter NewMeter() => new ConfusionMatrix(sets.Test.Classes);
}

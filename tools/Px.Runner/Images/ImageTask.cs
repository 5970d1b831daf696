using Px.Pruning.Models.Data;
using Px.Runner.Metrics;
using Px.Runner.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Images;

/// <summary>Classifying images.</summary>
/// <param name="images">What to train and to test on.</param>
/// <param name="network">A new network for a seed.</param>
/// <param name="augmentation">What is done to training images.</param>
/// <param name="workers">Threads that prepare batches; 0, the default, where pictures lie in memory.</param>
public sealed class ImageTask(ImageSets images, Func<long, Module<Tensor, Tensor>> network, Augmentation augmentation, int workers = 0) : LearningTask
{
    private const int TestBatch = 250;

    public override long TrainingSamples => images.Train.Count;

    public override long TestSamples => images.Test.Count;

    public override Module<Tensor, Tensor> NewNetwork(long seed) => network(seed);

    public override IEnumerable<(Tensor Input, Tensor Target)> TrainingBatches(int batchSize, long seed, int epoch, Device device) => images.Train.Batches(new ImageBatchOptions
    {
        BatchSize = batchSize, ShuffleSeed = seed, Epoch = epoch, Augmentation = augmentation, DropLast = true, Device = device, Workers = workers,
    });

    public override IEnumerable<(Tensor Input, Tensor Target)> PruningSamples(long seed) => images.Train.Batches(new ImageBatchOptions { ShuffleSeed = seed });

    public override IEnumerable<(Tensor Input, Tensor Target)> TestBatches(Device device) =>
        images.Test.Batches(new ImageBatchOptions { BatchSize = TestBatch, Device = device, Workers = workers });

    public override IMeter NewMeter() => new AccuracyMeter();
}

using Px.Runner.Metrics;
using Px.Runner.Training;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Tests.Support;

/// <summary>A toy segmentation in float64 in which the first images of a batch have more ignored pixels than the last.</summary>
internal sealed class IgnoringTask : LearningTask
{
    private const int Samples = 32, Side = 4, Void = 11;

    public IgnoringTask() => Loss = new CrossEntropy { IgnoreLabel = Void };

    public override long TrainingSamples => Samples;

    public override long TestSamples => Samples;

    public override Module<Tensor, Tensor> NewNetwork(long seed)
    {
        manual_seed(seed);
        return Sequential(Conv2d(1, 4, kernel_size: 3, padding: 1), ReLU(), Conv2d(4, 2, kernel_size: 1)).to(ScalarType.Float64);
    }

    public override IEnumerable<(Tensor Input, Tensor Target)> TrainingBatches(int batchSize, long seed, int epoch, Device device)
    {
        var random = new Random(epoch);
        var pixels = Enumerable.Range(0, Samples * Side * Side).Select(_ => (float)random.NextDouble()).ToArray();
        using var input = tensor(pixels, ScalarType.Float64).reshape(Samples, 1, Side, Side);
        using var target = tensor(pixels.Select((value, i) => i % 3 == 0 || i < pixels.Length / 3 ? Void : value > 0.5f ? 1L : 0).ToArray()).reshape(Samples, Side, Side);
        yield return (input, target);
    }

    public override IEnumerable<(Tensor Input, Tensor Target)> PruningSamples(long seed) => TrainingBatches(Samples, seed, 0, CPU);

    public override IEnumerable<(Tensor Input, Tensor Target)> TestBatches(Device device) => TrainingBatches(Samples, 0, 0, device);

    public override IMeter NewMeter() => new ConfusionMatrix(2);
}

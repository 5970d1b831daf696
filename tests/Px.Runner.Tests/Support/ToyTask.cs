using Px.Runner.Metrics;
using Px.Runner.Training;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Tests.Support;

/// <summary>Telling from 8 numbers which of three is the largest, by a small network with or without norm and dropout.</summary>
internal sealed class ToyTask(bool normAndDropout = true, ScalarType type = ScalarType.Float32) : LearningTask
{
    private const int Samples = 64, Inputs = 8, Classes = 3;

    public override long TrainingSamples => Samples;

    public override long TestSamples => Samples;

    public override Module<Tensor, Tensor> NewNetwork(long seed)
    {
        manual_seed(seed);
        var network = normAndDropout
            ? Sequential(("first", Linear(Inputs, 16)), ("norm", BatchNorm1d(16)), ("relu", ReLU()), ("drop", Dropout(0.3)), ("last", Linear(16, Classes)))
            : Sequential(("first", Linear(Inputs, 16)), ("relu", ReLU()), ("last", Linear(16, Classes)));
        return network.to(type);
    }

    public override IEnumerable<(Tensor Input, Tensor Target)> TrainingBatches(int batchSize, long seed, int epoch, Device device) =>
        Batches((int)((seed * 1000) + epoch), batchSize);

    public override IEnumerable<(Tensor Input, Tensor Target)> PruningSamples(long seed) => Batches((int)seed, Samples);

    public override IEnumerable<(Tensor Input, Tensor Target)> TestBatches(Device device) => Batches(-1, Samples);

    public override IMeter NewMeter() => new AccuracyMeter();

    private IEnumerable<(Tensor Input, Tensor Target)> Batches(int seed, int batchSize)
    {
        var random = new Random(seed);
        for (var start = 0; start + batchSize <= Samples; start += batchSize)
        {
            var rows = Enumerable.Range(0, batchSize).Select(_ => Enumerable.Range(0, Inputs).Select(_ => (float)random.NextDouble()).ToArray()).ToList();
            using var input = tensor(rows.SelectMany(row => row).ToArray(), type).reshape(batchSize, Inputs);
            using var target = tensor(rows.Select(row => (long)Array.IndexOf(row[..Classes], row[..Classes].Max())).ToArray());
            yield return (input, target);
        }
    }
}

using Px.Runner.Metrics;
using Px.Runner.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Tests.Support;

/// <summary>A task that cancels its training after some batches.</summary>
internal sealed class KillingTask(LearningTask task, int batches) : LearningTask, IDisposable
{
    private readonly CancellationTokenSource source = new();
    private int seen;

    public CancellationToken Token => source.Token;

    public override long TrainingSamples => task.TrainingSamples;

    public override long TestSamples => task.TestSamples;

    public override Module<Tensor, Tensor> NewNetwork(long seed) => task.NewNetwork(seed);

    public override IEnumerable<(Tensor Input, Tensor Target)> TrainingBatches(int batchSize, long seed, int epoch, Device device)
    {
        foreach (var batch in task.TrainingBatches(batchSize, seed, epoch, device))
        {
            if (seen++ == batches)
                source.Cancel();
            yield return batch;
        }
    }

    public override IEnumerable<(Tensor Input, Tensor Target)> PruningSamples(long seed) => task.PruningSamples(seed);

    public override IEnumerable<(Tensor Input, Tensor Target)> TestBatches(Device device) => task.TestBatches(device);

    public override IMeter NewMeter() => task.NewMeter();

    public void Dispose() => source.Dispose();
}

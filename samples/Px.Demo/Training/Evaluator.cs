using Px.Demo.Display;
using Px.Pruning.Models.Data;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Demo.Training;

/// <summary>Counts how many test images a network classifies rightly.</summary>
internal sealed class Evaluator(ImageDataset images, Device device, Terminal terminal)
{
    private const int BatchSize = 250;

    /// <summary>The fraction of right answers, in [0, 1]. Leaves the network in evaluation mode.</summary>
    /// <param name="label">What the progress bar calls it.</param>
    /// <param name="network">The network, on the evaluator's device.</param>
    /// <param name="token">Checked before every batch.</param>
    public double Accuracy(string label, Module<Tensor, Tensor> network, CancellationToken token)
    {
        using var bar = new ProgressBar(terminal, label, "images", images.Count);
        using var untracked = no_grad();
        network.eval();
        long right = 0, seen = 0;
        foreach (var (input, target) in images.Batches(new ImageBatchOptions { BatchSize = BatchSize, Device = device }))
        {
            token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            right += network.call(input).argmax(1).eq(target).sum().ToInt64();
            seen += target.shape[0];
            bar.Report(seen);
        }

        return (double)right / seen;
    }
}

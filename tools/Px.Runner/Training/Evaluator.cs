using Px.Runner.Display;
using Px.Runner.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Training;

/// <summary>Measures a network on the test samples of a task.</summary>
public sealed class Evaluator(LearningTask task, Device device, Terminal terminal)
{
    /// <summary>The task's measure, in [0, 1]. Leaves the network in evaluation mode.</summary>
    /// <param name="label">What the progress bar calls it.</param>
    /// <param name="network">The network, on the evaluator's device.</param>
    /// <param name="token">Checked before every batch.</param>
    public double Measure(string label, Module<Tensor, Tensor> network, CancellationToken token) => Meter(label, network, token).Value;

    /// <summary>The task's meter, full.</summary>
    /// <inheritdoc cref="Measure"/>
    public IMeter Meter(string label, Module<Tensor, Tensor> network, CancellationToken token)
    {
        using var bar = new ProgressBar(terminal, label, "images", task.TestSamples);
        using var untracked = no_grad();
        var meter = task.NewMeter();
        var seen = 0L;
        network.eval();
        foreach (var (input, target) in task.TestBatches(device))
        {
            token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            meter.Add(network.call(input), target);
            bar.Report(seen += input.shape[0]);
        }

        return meter;
    }
}

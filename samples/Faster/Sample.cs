using Px.Pruning;
using Px.Pruning.Models;
using Px.Pruning.Shrinking;
using Px.Runner;
using Px.Runner.CommandLines;
using Px.Runner.Display;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Samples.Faster;

/// <summary>Takes channels out of a ResNet before training until half of its FLOPs are left, and prints the latency that it gained.</summary>
public static class Sample
{
    private const int Rounds = 10;

    /// <summary>Runs the program.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token) => ConsoleProgram.Run(
        FasterOptions.Define().ToCommand("faster", "Removes channels of a ResNet before training, for a network that is faster from the first step.", options => Run(options, terminal, token)),
        arguments, terminal, token);

    private static void Run(FasterOptions options, Terminal terminal, CancellationToken token)
    {
        var device = Devices.Choose(options.Cuda);
        ResNet Create() => ResNet.Create(new() { Depth = options.Depth, Width = options.Width, Classes = 10, Seed = options.Seed }).to(device);
        using var model = Create();

        // Any pruner will do; one that scores on data takes a loader in place of the shape.
        using var bar = new PruningBar(terminal, "pruning", Rounds);
        using var result = Reached(() => new SynFlowPruner().PruneChannels(model, PruningData.Shape(3, options.Side, options.Side), ChannelTarget.Flops(options.Keep), new()
        {
            RoundTo = 8,
            Scoring = new() { Rounds = Rounds, Seed = options.Seed, Progress = bar },
            Shrinking = new() { LatencyBatchSize = options.Batch },
        }, token));
        terminal.WriteLine(result.ToString());

        // It trains like any network, with an optimizer made after the channels went.
        model.train();
        using (var optimizer = optim.SGD(model.parameters(), 0.01))
        using (NewDisposeScope())
        {
            var (images, labels) = (randn(options.Batch, 3, options.Side, options.Side, device: device), arange(options.Batch, int64, device: device).remainder(10));
            functional.cross_entropy(model.call(images), labels).backward();
            optimizer.step();
        }

        // A fresh network of the usual size is fitted before it loads what was saved.
        using var fresh = Create();
        var state = model.state_dict();
        Shrinker.Fit(fresh, state);
        fresh.load_state_dict(state);
        terminal.WriteLine(FormattableString.Invariant(
            $"Trained a step, saved and loaded. A forward pass takes {result.Shrunk.Latency!.After / result.Shrunk.Latency.Before:F2} of the time that it took."));
    }

    // A target below what stays in any case is a mistake of the command line.
    private static ChannelResult Reached(Func<ChannelResult> prune)
    {
        try
        {
            return prune();
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--keep: {e.Message}");
        }
    }
}

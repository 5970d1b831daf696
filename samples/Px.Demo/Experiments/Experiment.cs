using Px.Demo.CommandLines;
using Px.Pruning;
using Px.Pruning.Models;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.StateDicts;
using Px.Runner.Display;
using Px.Runner.Experiments;
using Px.Runner.Images;
using Px.Runner.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Demo.Experiments;

/// <summary>What happens to one network. Every network starts from the same weights and sees the same images in the same order.</summary>
internal sealed class Experiment(DemoOptions options, ImageSets images, Device device, OutputFolder output, Terminal terminal)
{
    private readonly Evaluator evaluator = new(Task(images), device, terminal);
    private readonly Trainer trainer = new(
        Task(images),
        new Recipe { LearningRate = 0.1, Schedule = new CosineSchedule(), Epochs = options.Epochs, BatchSize = options.Batch },
        device,
        terminal);

    /// <summary>The network that nothing was removed from: what the others are compared with.</summary>
    public NetworkResult Dense(CancellationToken token)
    {
        using var network = NewNetwork(options.Seed);
        var trained = Train("dense", network, null, token);
        network.SaveSafetensors(output.Weights("dense"));

        // Biases and norm layers, which are never pruned, have one dimension.
        var weights = network.parameters().Where(parameter => parameter.dim() > 1).Sum(parameter => parameter.numel());
        return new NetworkResult
        {
            FileName = "dense",
            Method = "dense",
            Accuracy = evaluator.Measure("dense: testing", network, token),
            WeightsKept = weights,
            Weights = weights,
            TrainTime = trained,
        };
    }

    /// <summary>Prunes a network before it is trained, trains what is left, and writes mask, weights and report.</summary>
    public NetworkResult Pruned(string method, double sparsity, CancellationToken token)
    {
        var pruner = MethodCatalog.Create(method);
        var title = NetworkResult.TitleOf(pruner.Name, sparsity);
        var rounds = options.Rounds ?? Math.Min(pruner.DefaultRounds, PruningMethods.MostRoundsByDefault);

        using var network = NewNetwork(options.Seed);
        using var pruned = Prune(pruner, network, sparsity, rounds, title, token);
        var trained = Train(title, network, pruned, token);
        pruned.Binding.AssertHeld();

        var name = FormattableString.Invariant($"{method}-{sparsity}");
        pruned.Mask.Save(output.Mask(name));
        network.SaveSafetensors(output.Weights(name));
        File.WriteAllText(output.Report(name), pruned.Report.ToString());

        return new NetworkResult
        {
            FileName = name,
            Method = pruner.Name,
            Sparsity = sparsity,
            Rounds = rounds,
            Accuracy = evaluator.Measure($"{title}: testing", network, token),
            WeightsKept = pruned.Mask.Kept,
            Weights = pruned.Mask.Total,
            PruneTime = pruned.Elapsed,
            TrainTime = trained,
            CollapsedLayers = pruned.Report.CollapsedLayers,
        };
    }

    /// <summary>The accuracy of a network made anew from the files of <see cref="Pruned"/>: other initial weights, then the saved ones, then the saved mask.</summary>
    public double Reloaded(string name, CancellationToken token)
    {
        using var network = NewNetwork(options.Seed + 1);
        network.LoadSafetensors(output.Weights(name));
        using var mask = PruningMask.Load(output.Mask(name));
        using var binding = mask.Bind(network);
        return evaluator.Measure("reloaded: testing", network, token);
    }

    private PruningResult Prune(IPruner pruner, CifarResNet network, double sparsity, int rounds, string title, CancellationToken token)
    {
        using var bar = new PruningBar(terminal, $"{title}: pruning", rounds);
        var batches = images.Train.Batches(new ImageBatchOptions { ShuffleSeed = options.Seed });
        return pruner.Prune(network, batches, sparsity, new PruningOptions { Rounds = rounds, Seed = options.Seed, Progress = bar }, token);
    }

    private TimeSpan Train(string title, CifarResNet network, PruningResult? pruned, CancellationToken token) => trainer.Train(
        new TrainingSubject { Label = title, Network = network, Mask = pruned?.Mask, Binding = pruned?.Binding, Seed = options.Seed }, token).Elapsed;

    private static ImageTask Task(ImageSets images) =>
        new(images, seed => NewNetwork(images, seed), new PaddedCrop { Padding = 0 });

    private CifarResNet NewNetwork(long seed) => NewNetwork(images, seed).to(device);

    private static CifarResNet NewNetwork(ImageSets images, long seed) =>
        CifarResNet.Create(new CifarResNetOptions { Depth = 20, InputChannels = images.Train.Channels, Classes = images.Train.Classes, Seed = seed });
}

using System.Globalization;
using Px.Benchmarks.Comparison;
using Px.Pruning;
using Px.Pruning.Models;
using Px.Pruning.Models.Data;
using Px.Pruning.Shrinking;
using Px.Runner;
using Px.Runner.Display;
using Px.Runner.Images;
using Px.Runner.Training;
using TorchSharp;
using static Px.Benchmarks.Comparison.Statistics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Benchmarks.Channels;

/// <summary>
/// Whether channels by score are any good: ResNet-20 on Fashion-MNIST with channels removed before training, by method and ranking, against
/// the same network uniformly narrower, all trained alike from scratch. Every trained network is a line in a file, so that a run can be
/// ended and begun again, and several processes can share the seeds.
/// </summary>
internal static class AccuracyTable
{
    internal const string Command = "channels-accuracy";

    private const int Width = 16, BatchSize = 32;

    internal static int Run(string[] arguments) => ConsoleProgram.Run(
        AccuracyOptions.Define().ToCommand(Command, "Trains networks whose channels were removed, by method and ranking, and narrower ones.", Run),
        arguments, Terminal.Standard(), CancellationToken.None);

    private static void Run(AccuracyOptions options)
    {
        var terminal = Terminal.Standard().Quiet();
        var images = KnownImages.Load(KnownImages.FashionMnist, options.Data, imageNet: false, options.Train, null, terminal, CancellationToken.None);
        var task = new ImageTask(images, seed => Create(images, Width, seed), new PaddedCrop());
        foreach (int seed in options.Seeds)
        {
            Make(options, task, terminal, "dense", 1, seed, () => task.NewNetwork(seed));
            foreach (double share in options.Shares)
            {
                Make(options, task, terminal, "narrower", share, seed, () => Create(images, WidthFor(images, share), seed));
                foreach (var (method, ranking) in options.Methods.SelectMany(method => options.Rankings.Select(ranking => (method, ranking))))
                    Make(options, task, terminal, $"{method}/{ranking}", share, seed, () => Prune(options, task, method, ranking, share, seed));
            }
        }

        Print(options);
    }

    // Trains a network that the file does not have, and adds it.
    private static void Make(
        AccuracyOptions options, ImageTask task, Terminal terminal, string name, double share, int seed, Func<Module<Tensor, Tensor>> create)
    {
        if (Read(options).Any(row => (row.Name, row.Share, row.Seed) == (name, share, seed))) return;
        using var network = create();
        var recipe = new Recipe { LearningRate = 0.1, Schedule = new CosineSchedule(), Epochs = options.Epochs, BatchSize = BatchSize };
        new Trainer(task, recipe, CPU, terminal).Train(new TrainingSubject { Label = name, Network = network, Seed = seed }, CancellationToken.None);
        double accuracy = new Evaluator(task, CPU, terminal).Measure(name, network, CancellationToken.None);
        var size = ModelSummary.Of(network, 1, 28, 28);
        string line = string.Create(CultureInfo.InvariantCulture, $"{options.Setting} {name} {share} {seed} {accuracy:F4} {size.Flops} {size.Parameters}");
        Console.WriteLine(line);
        File.AppendAllText(options.File, line + "\n");
    }

    private static Module<Tensor, Tensor> Prune(AccuracyOptions options, ImageTask task, string method, string ranking, double share, int seed)
    {
        IPruner pruner = method switch
        {
            "px" => new PathExclusionPruner(),
            "synflow" => new SynFlowPruner(),
            "snip" => new SnipPruner(),
            "magnitude" => new MagnitudePruner(),
            _ => new RandomPruner(),
        };
        var network = task.NewNetwork(seed);
        using var result = pruner.PruneChannels(network, task.PruningSamples(seed), ChannelTarget.Flops(share), new()
        {
            Ranking = Enum.Parse<ChannelRanking>(ranking),
            Scoring = new() { Rounds = Math.Min(pruner.DefaultRounds, options.MaxRounds), Seed = seed, Data = task.PruningBudget },
            Shrinking = new() { LatencyRuns = 0 },
        });
        return network;
    }

    private static CifarResNet Create(ImageSets images, int width, long seed) =>
        CifarResNet.Create(new() { Width = width, Classes = images.Train.Classes, InputChannels = images.Train.Channels, Seed = seed });

    // The widest network that is not above the share.
    private static int WidthFor(ImageSets images, double share)
    {
        long Flops(int width)
        {
            using var network = Create(images, width, 1);
            return ModelSummary.Of(network, 1, 28, 28).Flops;
        }

        long all = Flops(Width);
        return Enumerable.Range(1, Width).Last(width => Flops(width) <= share * all || width == 1);
    }

    private static void Print(AccuracyOptions options)
    {
        var rows = Read(options).ToList();
        var table = new Table($"Accuracy on Fashion-MNIST, ResNet-20, {options.Setting} images x epochs, seeds: mean (lowest to highest)", 12,
            "network                      ", "share", "seeds", "accuracy %", "lowest", "highest", "FLOPs", "parameters");
        var dense = rows.Where(row => row.Name == "dense").ToList();
        foreach (var group in rows.GroupBy(row => (row.Name, row.Share)).OrderByDescending(group => group.Key.Share)
            .ThenByDescending(group => group.Average(row => row.Accuracy)))
        {
            table.Add(
                group.Key.Name, Number(group.Key.Share, "F2"), Number(group.Count(), "F0"), Number(100 * group.Average(row => row.Accuracy), "F2"),
                Number(100 * group.Min(row => row.Accuracy), "F2"), Number(100 * group.Max(row => row.Accuracy), "F2"),
                Number(group.Average(row => row.Flops) / dense[0].Flops, "F3"), Number(group.Average(row => row.Parameters) / dense[0].Parameters, "F3"));
        }
    }

    // The networks that were trained in this setting, of all processes.
    private static IEnumerable<Row> Read(AccuracyOptions options) => !File.Exists(options.File)
        ? []
        : File.ReadAllLines(options.File).Select(line => line.Split(' ')).Where(cells => cells.Length == 7 && cells[0] == options.Setting).Select(cells => new Row(
            cells[1], Parse(cells[2]), int.Parse(cells[3], CultureInfo.InvariantCulture), Parse(cells[4]), Parse(cells[5]), Parse(cells[6])));

    private static double Parse(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Row(string Name, double Share, int Seed, double Accuracy, double Flops, double Parameters);
}

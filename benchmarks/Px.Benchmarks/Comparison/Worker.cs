using System.Diagnostics;
using System.Globalization;
using Px.Pruning;
using Px.Pruning.Models;
using Px.Pruning.Models.StateDicts;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Comparison;

/// <summary>The library's side, in a process of its own; answers the commands of <c>benchmarks/python/worker.py</c>.</summary>
internal sealed class Worker
{
    internal const string Command = "worker";

    private readonly CifarResNet model;
    private readonly PruningData data;
    private readonly PruningData shape;
    private readonly Dictionary<string, Tensor> weights;

    private Worker(CifarResNet model, Tensor input, Tensor target)
    {
        this.model = model;
        data = PruningData.From([(input, target)]);
        shape = PruningData.Shape(input.shape[1..]);
        weights = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
    }

    /// <param name="arguments">Threads, folder, depth, width.</param>
    internal static void Run(string[] arguments)
    {
        int[] numbers = [.. new[] { arguments[0], arguments[2], arguments[3] }.Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        set_num_threads(numbers[0]);
        var (model, input, target) = new Problem(numbers[1], numbers[2], 0).Load(arguments[1]);
        var worker = new Worker(model, input, target);
        Console.WriteLine($"ready {ProcessMemory.Library("libtorch_cpu")}");
        while (Console.ReadLine() is { } line) Console.WriteLine(worker.Answer(line.Split(' ')));
    }

    private string Answer(string[] words)
    {
        var contest = Contests.Find(words[1]);
        int rounds = int.Parse(words[2], CultureInfo.InvariantCulture);
        double sparsity = double.Parse(words[3], CultureInfo.InvariantCulture);
        switch (words[0])
        {
            case "warm":
                WarmUp(contest, rounds, sparsity);
                return "ok";
            case "run":
                Reset();
                return string.Join(' ', Prune(contest, rounds, sparsity).Select(end => end.ToString("F6", CultureInfo.InvariantCulture)));
            default:
                Reset();
                ProcessMemory.ResetPeak();
                long before = ProcessMemory.Resident();
                Prune(contest, rounds, sparsity);
                return string.Create(CultureInfo.InvariantCulture, $"{before} {ProcessMemory.Peak()}");
        }
    }

    private static void WarmUp(Contest contest, int rounds, double sparsity)
    {
        using var tiny = Problem.Tiny.CreateModel();
        var (input, target) = Problem.Tiny.CreateBatch(imageSize: 8);
        new Worker(tiny, input, target).Prune(contest, rounds, sparsity);
    }

    private void Reset()
    {
        model.LoadStateDict(weights);
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    /// <summary>Seconds from the start to the end of each round, and to the end.</summary>
    private List<double> Prune(Contest contest, int rounds, double sparsity)
    {
        var ends = new List<double>();
        var pruner = contest.Create();
        var watch = Stopwatch.StartNew();
        var options = new PruningOptions { Data = DataBudget.All, BatchSize = int.MaxValue, Rounds = rounds, Progress = new RoundEnds(watch, ends) };
        using var result = pruner.Prune(model, pruner.NeedsData ? data : shape, sparsity, options);
        ends.Add(watch.Elapsed.TotalSeconds);
        return ends;
    }

    private sealed class RoundEnds(Stopwatch watch, List<double> ends) : IProgress<PruningProgress>
    {
        public void Report(PruningProgress value) => ends.Add(watch.Elapsed.TotalSeconds);
    }
}

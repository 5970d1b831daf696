using System.Diagnostics;
using System.Globalization;
using Px.Pruning;
using Px.Pruning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Decisions;

/// <summary>What each speed-up of the library is worth: calls with it and, by PX_OFF, without it in turn, in one process.</summary>
internal static class DecisionTable
{
    /// <param name="arguments">Methods (comma), what is off (sets of commas, by semicolons, the first usually empty), threads, pairs, rounds.</param>
    internal static void Print(string[] arguments)
    {
        string[] methods = arguments[0].Split(','), sets = arguments[1].Split(';');
        int[] numbers = [.. arguments[2..].Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        var (threads, pairs, rounds) = (numbers[0], numbers[1], numbers[2]);
        set_num_threads(threads);
        using var generator = new Generator(1);
        using var input = randn([128, 3, 32, 32], generator: generator);
        using var target = arange(128, int64).remainder(10);
        Console.WriteLine($"{"method",-10} {"off",-32} {"threads",7} {"round ms",10} {"ratio",6} {"call ms",10} {"ratio",6} {"faults",8}");
        foreach (string method in methods)
        {
            var times = sets.Select(_ => new List<(double Round, double Call, double Faults)>()).ToList();
            for (int pair = 0; pair <= pairs; pair++)
            {
                for (int i = 0; i < sets.Length; i++)
                {
                    Environment.SetEnvironmentVariable("PX_OFF", sets[i]);
                    var time = Measure(method, input, target, rounds);
                    if (pair > 0) times[i].Add(time);
                }
            }

            for (int i = 0; i < sets.Length; i++)
            {
                double round = Median(times[i].Select(t => t.Round)), call = Median(times[i].Select(t => t.Call));
                double ratio = Median(times[i].Zip(times[0], (a, b) => a.Round / b.Round)), calls = Median(times[i].Zip(times[0], (a, b) => a.Call / b.Call));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{method,-10} {sets[i],-32} {threads,7} {round * 1e3,10:F2} {ratio,6:F2} {call * 1e3,10:F1} {calls,6:F2} {Median(times[i].Select(t => t.Faults)),8:F0}"));
            }
        }
    }

    private static (double Round, double Call, double Faults) Measure(string method, Tensor input, Tensor target, int rounds)
    {
        using var model = CifarResNet.Create(new CifarResNetOptions { Depth = 20, Seed = 1 });
        var pruner = Comparison.Contests.Find(method).Create();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var ends = new List<double>();
        var before = Comparison.ProcessUsage.Of(Environment.ProcessId);
        var watch = Stopwatch.StartNew();
        var options = new PruningOptions
        {
            Data = DataBudget.All, BatchSize = int.MaxValue, Rounds = rounds, Seed = 1, Progress = new Ends(() => ends.Add(watch.Elapsed.TotalSeconds)),
        };
        var data = pruner.NeedsData ? PruningData.From([(input, target)]) : PruningData.Shape(3, 32, 32);
        pruner.Prune(model, data, 0.9, options).Dispose();
        double call = watch.Elapsed.TotalSeconds;
        var used = Comparison.ProcessUsage.Of(Environment.ProcessId) - before;
        return ((ends[^1] - ends[0]) / Math.Max(1, rounds - 1), call, used.Faults / (double)rounds);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private sealed class Ends(Action report) : IProgress<PruningProgress>
    {
        public void Report(PruningProgress value) => report();
    }
}

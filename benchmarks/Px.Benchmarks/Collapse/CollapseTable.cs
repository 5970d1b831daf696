using System.Globalization;
using Px.Benchmarks.Comparison;
using Px.Pruning;
using static TorchSharp.torch;

namespace Px.Benchmarks.Collapse;

/// <summary>How many layers each method empties as compression grows, in its default options: at which it collapses.</summary>
internal static class CollapseTable
{
    internal const string Command = "collapse";

    // The critical compression, one weight in each of 14 layers, is 10^4.22.
    private static readonly double[] exponents = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4];

    internal static void Run()
    {
        using var generator = new Generator(2);
        using var input = randn([100, 3, 32, 32], generator: generator);
        using var target = arange(100, int64).remainder(10);
        var table = new Table(
            $"Empty layers of {NarrowVgg.Layers} (x: input and output cut apart), narrow VGG-16, weights kept: 10^-n", 7,
            ["method", .. exponents.Select(n => n.ToString("F1", CultureInfo.InvariantCulture))]);
        foreach (var contest in Contests.All)
            table.Add([contest.Name, .. exponents.Select(n => Cell(contest.Create(), n, PruningData.From([(input, target)])))]);
    }

    private static string Cell(IPruner pruner, double exponent, PruningData data)
    {
        using var model = NarrowVgg.Create();
        using var result = pruner.Prune(model, data, 1 - Math.Pow(10, -exponent), new PruningOptions { Seed = 1 });
        return result.Report.CollapsedLayers.Count + (result.Report.IsConnected == false ? "x" : "");
    }
}

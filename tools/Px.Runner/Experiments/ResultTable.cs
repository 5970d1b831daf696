using System.Globalization;
using Px.Runner.Display;

namespace Px.Runner.Experiments;

/// <summary>The results as rows: for people, a row for all seeds of a network; for other programs, a row each.</summary>
/// <param name="measure">What was measured.</param>
public sealed class ResultTable(string measure)
{
    /// <summary>Means over the seeds, with the standard deviation where there are several; of one seed 80 characters wide.</summary>
    public TextTable Table(IReadOnlyList<NetworkResult> results)
    {
        var withBest = results.Any(result => result.Best is not null);
        string[] best = withBest ? [$"best\n{measure}"] : [];
        var table = new TextTable(["network", "removed", $"{measure}\nbefore", $"{measure}\nafter", .. best, "weights\nkept", "layers\nemptied", "pruned\nin", "trained\nin"]);
        foreach (var group in results.GroupBy(result => (result.Method, result.Sparsity)))
        {
            var (seeds, first) = (group.ToList(), group.First());
            string[] bestCell = withBest ? [Percent(seeds.Select(seed => seed.Best ?? double.NaN))] : [];
            table.Add(
            [
                first.Method,
                first.Sparsity is { } removed ? Text($"{100 * removed:0.##} %") : "-",
                Percent(seeds.Select(seed => seed.Before)),
                Percent(seeds.Select(seed => seed.After)),
                .. bestCell,
                Text($"{first.WeightsKept:N0}"),
                first.Sparsity is null ? "-" : Text($"{seeds.Max(seed => seed.CollapsedLayers.Count)}"),
                seeds.All(seed => seed.PruneTime is not null) ? Durations.Seconds(Mean(seeds.Select(seed => seed.PruneTime!.Value))) : "-",
                Durations.Seconds(Mean(seeds.Select(seed => seed.TrainTime))),
            ]);
        }

        return table;
    }

    /// <summary>A row for each network, under a header.</summary>
    public IEnumerable<IReadOnlyList<string>> Csv(IReadOnlyList<NetworkResult> results)
    {
        var name = measure.Replace(' ', '_');
        yield return ["method", "sparsity", "seed", $"{name}_before", $"{name}_after", $"{name}_best", "weights_kept", "weights", "prune_seconds", "train_seconds", "collapsed_layers"];
        foreach (var result in results)
        {
            yield return
            [
                result.Method, Text($"{result.Sparsity}"), Text($"{result.Seed}"), Text($"{result.Before}"), Text($"{result.After}"), Text($"{result.Best}"),
                Text($"{result.WeightsKept}"), Text($"{result.Weights}"), Text($"{result.PruneTime?.TotalSeconds:F3}"), Text($"{result.TrainTime.TotalSeconds:F3}"),
                string.Join(' ', result.CollapsedLayers),
            ];
        }
    }

    private static string Percent(IEnumerable<double> values)
    {
        var all = values.ToList();
        var mean = all.Average();
        return all.Count == 1
            ? Text($"{100 * mean:F2} %")
            : Text($"{100 * mean:F2} ± {100 * Math.Sqrt(all.Sum(value => (value - mean) * (value - mean)) / (all.Count - 1)):F2} %");
    }

    private static TimeSpan Mean(IEnumerable<TimeSpan> times) => TimeSpan.FromSeconds(times.Average(time => time.TotalSeconds));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

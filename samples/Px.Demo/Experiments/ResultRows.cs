using System.Globalization;
using Px.Demo.CommandLines;
using Px.Runner.Display;

namespace Px.Demo.Experiments;

/// <summary>The results as rows: for people, and for other programs.</summary>
internal static class ResultRows
{
    public static TextTable Table(IReadOnlyList<NetworkResult> results)
    {
        var table = new TextTable("network", "removed", "accuracy", "weights kept", "density", "pruned in", "trained in", "collapsed");
        foreach (var result in results)
        {
            table.Add(
                result.Method,
                result.IsPruned ? Text($"{100 * result.Sparsity:0.###} %") : "-",
                Text($"{100 * result.Accuracy:F2} %"),
                Text($"{result.WeightsKept:N0} / {result.Weights:N0}"),
                Text($"{100 * result.Density:F2} %"),
                result.IsPruned ? Durations.Seconds(result.PruneTime) : "-",
                Durations.Seconds(result.TrainTime),
                result.IsPruned ? Text($"{result.CollapsedLayers.Count} layers") : "-");
        }

        return table;
    }

    public static IEnumerable<IReadOnlyList<string>> Csv(IReadOnlyList<NetworkResult> results, DemoOptions options)
    {
        yield return
        [
            "method", "sparsity", "rounds", "accuracy", "weights_kept", "weights", "prune_seconds", "train_seconds", "collapsed_layers",
            "seed", "epochs", "train_samples", "test_samples", "batch",
        ];
        foreach (var result in results)
        {
            yield return
            [
                result.Method, Text($"{result.Sparsity}"), Text($"{result.Rounds}"), Text($"{result.Accuracy}"),
                Text($"{result.WeightsKept}"), Text($"{result.Weights}"),
                Text($"{result.PruneTime.TotalSeconds:F3}"), Text($"{result.TrainTime.TotalSeconds:F3}"), string.Join(' ', result.CollapsedLayers),
                Text($"{options.Seed}"), Text($"{options.Epochs}"), Text($"{options.TrainSamples}"), Text($"{options.TestSamples}"), Text($"{options.Batch}"),
            ];
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

using System.CommandLine;
using System.Globalization;
using Px.Experiments.Results;
using Px.Experiments.Running;
using Px.Runner.CommandLines;
using Px.Runner.Display;

namespace Px.Experiments.Commands;

/// <summary><c>run</c>: makes one network, or the few that lists span, and prints a table.</summary>
public static class RunCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CancellationToken token) => new OptionSet<SweepOptions>(new SweepOptions()).AddGrid().AddRun().ToCommand(
        "run",
        "Makes one network, or the few that lists span, and prints a table. What is there already is not made again.",
        options =>
        {
            var cells = options.Cells();
            var quiet = terminal.Quiet();
            quiet.WriteLine($"{Table(SweepSession.Open(options, quiet).Run(options.Title, cells, options.Retry, token))}");
        });

    private static TextTable Table(IReadOnlyList<CellResult> results)
    {
        var table = new TextTable("network", "before\ntraining", "after\ntraining", "weights\nkept", "pruned\nin", "trained\nin");
        foreach (var result in results)
        {
            var (training, pruning) = (result.Training, result.Pruning);
            table.Add(
                CellTitle.Of(result.Cell),
                Text($"{100 * training.Before:F2} %"),
                Text($"{100 * training.After:F2} %"),
                pruning is null ? "-" : Text($"{pruning.Kept:N0}"),
                pruning is null ? "-" : Durations.Seconds(TimeSpan.FromSeconds(pruning.Seconds[^1])),
                Durations.Seconds(TimeSpan.FromSeconds(training.Seconds)));
        }

        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

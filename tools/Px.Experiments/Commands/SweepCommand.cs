using System.CommandLine;
using System.Globalization;
using Px.Experiments.Grids;
using Px.Experiments.Results;
using Px.Experiments.Running;
using Px.Runner.CommandLines;
using Px.Runner.Display;

namespace Px.Experiments.Commands;

/// <summary><c>sweep</c>: makes every network of a grid, or of a part of it, that is not there yet.</summary>
public static class SweepCommand
{
    private const string Description =
        "Makes every network of a grid that is not there yet. The same command goes on after whatever stopped it; two at a time share the work. "
        + "Of a protocol or a file, lists choose networks and numbers change them; without either, lists span the grid.";

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CancellationToken token) => Define().ToCommand("sweep", Description, options =>
    {
        var cells = options.Cells();
        var quiet = terminal.Quiet();
        var sweep = SweepSession.Open(options, quiet);
        if (options.List)
            List(sweep, cells, quiet);
        else
            sweep.Run(options.Title, cells, options.Retry, token);
    });

    private static OptionSet<SweepOptions> Define() => new OptionSet<SweepOptions>(new SweepOptions())
        .Add("--protocol", "NAME", $"one of these grids:\n{Protocols.Describe()}", (options, value) => options with { Protocol = value.OneOf(Protocols.Names) })
        .Add("--grid", "FILE", "grids of your own, as JSON", (options, value) => options with { GridFile = value.Text })
        .AddGrid()
        .Add("--shard", "I/N", "only every N-th network, I from 0 to N - 1; auto: the task of a Slurm job array",
            (options, value) => options with { Shard = Shard.Parse(value.Given, Environment.GetEnvironmentVariable) })
        .AddFlag(["--list", "--dry-run"], "only list the networks, with how far they are", options => options with { List = true })
        .AddRun();

    private static void List(Sweep sweep, IReadOnlyList<Cell> cells, Terminal terminal)
    {
        var (states, seconds) = (new List<CellState>(), new List<double>());
        foreach (var cell in cells)
        {
            states.Add(sweep.StateOf(cell, out var result));
            if (result is not null)
                seconds.Add(Seconds(result));
            terminal.WriteLine($"{states[^1].ToString().ToLowerInvariant(),-7}{CellName.Of(cell)}");
        }

        int Count(CellState state) => states.Count(other => other == state);
        var left = seconds.Count == 0 || Count(CellState.Open) == 0 ? "" : $", about {Durations.Clock(TimeSpan.FromSeconds(Count(CellState.Open) * seconds.Average()))} at the pace of those that are done";
        terminal.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{cells.Count} networks: {Count(CellState.Done)} done, {Count(CellState.Failed)} cannot be run, {Count(CellState.Open)} open{left}"));
    }

    private static double Seconds(CellResult result) => result.Training.Seconds + (result.Pruning?.Seconds.Sum() ?? 0);
}

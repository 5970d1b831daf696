using System.Globalization;
using Microsoft.Extensions.Logging;
using Px.Experiments.Grids;
using Px.Experiments.Inputs;
using Px.Experiments.Results;
using Px.Runner;
using Px.Runner.Display;
using Px.Runner.Files;

namespace Px.Experiments.Running;

/// <summary>Makes the cells of a grid, one after the other, except those that are finished, or that another process is making.</summary>
/// <param name="folder">Where the files of cells lie, of this sweep and of others.</param>
/// <param name="loader">Loads data and weights.</param>
/// <param name="runner">Makes a cell.</param>
/// <param name="terminal">Gets a line for each cell.</param>
/// <param name="logger">What goes wrong with files.</param>
public sealed class Sweep(string folder, InputLoader loader, CellRunner runner, Terminal terminal, ILogger logger)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly Dictionary<Cell, CellResult> finished = [];

    /// <summary>How far a cell is.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="result">What became of it; null unless it is done.</param>
    public CellState StateOf(Cell cell, out CellResult? result)
    {
        // Reading a mask to check it takes time: what was found sound once is not read again.
        if (finished.TryGetValue(cell, out result))
            return CellState.Done;
        var files = new CellFiles(folder, cell);
        result = files.Finished(message => logger.LogWarning("{Message}", message));
        if (result is not null)
            finished.Add(cell, result);
        return result is not null ? CellState.Done : File.Exists(files.Failure) ? CellState.Failed : CellState.Open;
    }

    /// <summary>Makes all cells that are open.</summary>
    /// <param name="title">What the grid is called.</param>
    /// <param name="cells">The cells.</param>
    /// <param name="retry">Whether those that could not be run are tried again.</param>
    /// <param name="token">Stops the work after the current batch.</param>
    /// <returns>The results, in the order of the cells; those that other processes were at are waited for.</returns>
    /// <exception cref="ProgramException">Some cells cannot be run; all others are done, then.</exception>
    public IReadOnlyList<CellResult> Run(string title, IReadOnlyList<Cell> cells, bool retry, CancellationToken token)
    {
        var states = cells.ToDictionary(cell => cell, cell => StateOf(cell, out _));
        Tidy([.. cells.Where(cell => states[cell] == CellState.Done)]);
        var open = cells.Where(cell => states[cell] == CellState.Open || (retry && states[cell] == CellState.Failed)).ToList();
        using (var bar = new ProgressBar(terminal, title, "networks", Math.Max(1, open.Count), above: true))
        {
            List<Cell> rest = [.. open.Where(cell => !Try(cell))];
            // Others are at these. Should one of them die, its lock ends, and its cell is ours: when this is over, all are there.
            if (rest.Count > 0)
                terminal.WriteLine(Text($"Other processes are at {rest.Count} of these networks; waiting for them."));
            while (rest.Count > 0)
            {
                token.WaitHandle.WaitOne(LookAgain);
                rest.RemoveAll(Try);
            }

            bool Try(Cell cell)
            {
                bar.Report(open.Count(other => states[other] == CellState.Done), CellTitle.Of(cell));
                return TryRun(cell, retry, states, token);
            }
        }

        var results = new List<CellResult>();
        foreach (var cell in cells)
        {
            if (StateOf(cell, out var result) == CellState.Done)
                results.Add(result!);
        }

        var failed = states.Values.Count(state => state == CellState.Failed);
        terminal.WriteLine(Text($"{results.Count} of {cells.Count} networks are finished; their results are in {folder}."));
        return failed == 0 ? results : throw new ProgramException(Text(
            $"{failed} of {cells.Count} networks cannot be run, and the files *.failed.json in '{folder}' say why. --retry tries again."));
    }

    // Whether nothing is left to do about the cell.
    private bool TryRun(Cell cell, bool retry, Dictionary<Cell, CellState> states, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var files = new CellFiles(folder, cell);
        if (files.Obstacle() is { } obstacle)
        {
            states[cell] = Fail(cell, files, $"{obstacle} A file of the network belongs there. Remove it.");
            return true;
        }

        using var taken = CellLock.TryTake(files.Lock);
        if (taken is null)
            return false;
        states[cell] = StateOf(cell, out _);
        if (states[cell] == CellState.Open || (states[cell] == CellState.Failed && retry))
            states[cell] = Make(cell, files, states, token);
        taken.Remove();
        return true;
    }

    private CellState Make(Cell cell, CellFiles files, Dictionary<Cell, CellState> states, CancellationToken token)
    {
        try
        {
            var result = runner.Run(cell, loader.Load(cell, token), token);
            terminal.WriteLine(Text($"[{1 + states.Values.Count(state => state == CellState.Done)}/{states.Count}] {Line(result)}"));
            return CellState.Done;
        }
        catch (CellFailedException e)
        {
            return Fail(cell, files, e.Message);
        }
    }

    private CellState Fail(Cell cell, CellFiles files, string error)
    {
        logger.LogWarning("{Cell} cannot be run: {Error}", CellTitle.Of(cell), error);
        if (WholeFile.Obstacle(files.Failure) is null)
            files.Fail(new CellFailure(files.Name, cell, error, DateTime.UtcNow));
        return CellState.Failed;
    }

    // A process that is killed as it finishes a cell leaves files beside it. Whoever gets the cell's lock knows that they are nobody's.
    private void Tidy(IReadOnlyList<Cell> done)
    {
        var names = Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).ToList();
        foreach (var files in done.Select(cell => new CellFiles(folder, cell)).Where(files => files.Obstacle() is null && names.Exists(files.IsLeftover)))
        {
            try
            {
                using var taken = CellLock.TryTake(files.Lock);
                if (taken is null)
                    continue;
                files.Tidy();
                files.DeleteUnfinished();
                taken.Remove();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                logger.LogWarning("What is left of {Cell} cannot be removed: {Error}", files.Name, e.Message);
            }
        }
    }

    private static string Line(CellResult result)
    {
        var pruned = result.Pruning is { } pruning ? Text($"; pruned in {Seconds(pruning.Seconds[^1])}") : "";
        var training = result.Training;
        return Text($"{CellTitle.Of(result.Cell)}: {training.Measure} {100 * training.Before:F2} % before training, {100 * training.After:F2} % after{pruned}, trained in {Seconds(training.Seconds)}");
    }

    private static string Seconds(double seconds) => Durations.Seconds(TimeSpan.FromSeconds(seconds));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

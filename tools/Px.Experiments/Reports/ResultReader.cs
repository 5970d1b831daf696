using Px.Experiments.Results;
using Px.Runner;
using Px.Runner.Files;

namespace Px.Experiments.Reports;

/// <summary>Reads files of results that may be damaged, or of another version of the program.</summary>
public static class ResultReader
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problem">Why there is no result.</param>
    /// <returns>The result, or null.</returns>
    public static CellResult? Read(string path, out string? problem)
    {
        try
        {
            problem = WholeFile.Obstacle(path);
            if (problem is not null)
                return null;

            var result = ResultFile.Read(path);
            problem = double.IsFinite(result.Training.After) && double.IsFinite(result.Training.Before) ? null : "has a measure that is no number.";
            return problem is null ? result : null;
        }
        catch (Exception e) when (e is ProgramException or InvalidDataException)
        {
            // A page is about results, wherever they lie.
            problem = e.Message.Replace($"'{path}' ", "", StringComparison.Ordinal);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = Unreadable(path, e);
            return null;
        }
    }

    /// <summary>What is wrong with the mask of a result; null where nothing is, or where there is none: results may be copied without.</summary>
    public static string? MaskProblem(FoundResult found)
    {
        if (found.Result.Pruning is not { } pruning || found.MaskPath is not { } path)
            return null;
        try
        {
            if (WholeFile.Obstacle(path) is { } obstacle)
                return obstacle;
            return File.Exists(path) ? MaskCheck.Problem(path, pruning)?.Replace($"'{path}'", "", StringComparison.Ordinal).TrimStart(':', ' ') : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Unreadable(path, e);
        }
    }

    /// <summary>In what two results of one cell contradict each other; null where they agree. Times, versions and dates may differ.</summary>
    public static string? Difference(CellResult a, CellResult b)
    {
        if (a.Cell != b.Cell)
            return "their settings differ";
        if (a.Training.After != b.Training.After || a.Training.Before != b.Training.Before)
            return FormattableString.Invariant($"{a.Training.Measure} {a.Training.Before} before and {a.Training.After} after training, and {b.Training.Before} and {b.Training.After}");
        if (a.DataHash != b.DataHash)
            return "their data differ";
        if (!(a.Pruning?.Layers ?? []).SequenceEqual(b.Pruning?.Layers ?? []))
            return "the weights kept in their layers differ";
        return (a.Spectrum?.Eigenvalues ?? []).SequenceEqual(b.Spectrum?.Eigenvalues ?? []) ? null : "their eigenvalues differ";
    }

    private static string Unreadable(string path, Exception e) => $"cannot be read: {e.Message.Replace(path, Path.GetFileName(path), StringComparison.Ordinal)}";
}

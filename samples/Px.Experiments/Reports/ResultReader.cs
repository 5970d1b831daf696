using Px.Experiments.Results;
using Px.Samples;

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
            var result = ResultFile.Read(path);
            problem = Contradiction(result);
            return problem is null ? result : null;
        }
        catch (Exception e) when (e is SampleException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            // A page is about results, wherever they lie.
            problem = e.Message.Replace($"'{path}' ", "", StringComparison.Ordinal);
            return null;
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

    private static string? Contradiction(CellResult result)
    {
        if (!double.IsFinite(result.Training.After) || !double.IsFinite(result.Training.Before))
            return "has a measure that is no number.";
        if (!(result.Cell.Sparsity >= 0 && result.Cell.Sparsity < 1))
            return FormattableString.Invariant($"has a sparsity of {result.Cell.Sparsity}; it is at least 0 and below 1.");
        return result.Pruning is { } pruning && (pruning.Kept > pruning.Total || pruning.Layers.Any(layer => layer.Kept > layer.Total || layer.UnitsAlive > layer.Units))
            ? "keeps more than there is."
            : null;
    }
}

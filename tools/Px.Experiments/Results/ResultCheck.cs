using Px.Experiments.Grids;

namespace Px.Experiments.Results;

/// <summary>Whether what was read from a file can be the result of a cell: everything behind this check relies on it.</summary>
/// <remarks>The parser knows types and what is required. It lets null pass as an item of a list, and any number.</remarks>
public static class ResultCheck
{
    // Far beyond any network and any run, and small enough to be added up.
    private const long MostCount = 1L << 50;
    private const double MostSeconds = 1e10;

    /// <summary>What is wrong with a result; null where nothing is.</summary>
    public static string? Problem(CellResult result) =>
        Problem(result.Cell)
        ?? (result.Settings.Concat(result.Versions).Any(pair => pair.Value is null) ? "a setting or a version is null." : null)
        ?? (IsMeasure(result.Training.Before) && IsMeasure(result.Training.After) ? null : $"its {result.Training.Measure} is not between 0 and 1.")
        ?? (IsTime(result.Training.Seconds) ? null : "the time of training is none.")
        ?? ((result.Pruning is null) == (result.Cell.Method == Cell.Dense) ? null : "what was pruned is not what the cell's method prunes.")
        ?? Problem(result.Pruning)
        ?? Problem(result.Spectrum);

    /// <summary>What is wrong with what pruning left; null where nothing is.</summary>
    public static string? Problem(PruningOutcome? pruning)
    {
        if (pruning is null)
            return null;
        if (pruning.Layers.Any(layer => layer is null) || pruning.Findings.Any(finding => finding is null))
            return "a layer or a finding is null.";
        if (pruning.Rounds < 1 || !pruning.Seconds.All(IsTime))
            return "the rounds or the times of pruning are none.";
        if (pruning.Total < 1 || pruning.DenseFlops < 1)
            return "its network is empty.";
        if (!IsPart(pruning.Kept, pruning.Total) || !IsPart(pruning.Effective, pruning.Total) || !IsPart(pruning.OutputsReached, pruning.Outputs)
            || !IsPart(pruning.Flops, pruning.DenseFlops) || !IsPart(pruning.EffectiveFlops, pruning.DenseFlops))
            return "it keeps more than there is.";
        return pruning.Layers.FirstOrDefault(layer => !IsPart(layer.Kept, layer.Total) || !IsPart(layer.Effective, layer.Total)
            || !IsPart(layer.UnitsAlive, layer.Units) || !IsPart(layer.UnitsEffective, layer.Units)) is { } wrong ? $"layer '{wrong.Name}' keeps more than there is." : null;
    }

    /// <summary>What is wrong with a spectrum; null where nothing is.</summary>
    public static string? Problem(SpectrumResult? spectrum)
    {
        if (spectrum is null)
            return null;
        if (spectrum.BoundExceptions.Any(name => name is null))
            return "a module of its spectrum is null.";
        return spectrum.Eigenvalues.All(double.IsFinite) ? null : "an eigenvalue is no number.";
    }

    /// <summary>Whether it is a fraction, or none: what cannot be measured is NaN.</summary>
    public static bool IsMeasure(double value) => double.IsNaN(value) || value is >= 0 and <= 1;

    private static string? Problem(Cell cell)
    {
        if (!(cell.Sparsity is >= 0 and < 1 && cell.MinimumDensity is >= 0 and < 1))
            return FormattableString.Invariant($"a sparsity of {cell.Sparsity}, or a least density of {cell.MinimumDensity}, is not at least 0 and below 1.");
        return cell.Rounds < 1 || cell.Epochs < 0 || cell.SpectrumSamples < 0 || cell.TimingRepeats < 1 ? "a setting of its cell is too small." : null;
    }

    private static bool IsTime(double seconds) => seconds is >= 0 and <= MostSeconds;

    private static bool IsPart(long? part, long? all) => (part ?? 0) >= 0 && (all ?? 0) is >= 0 and <= MostCount && (part ?? 0) <= (all ?? MostCount);
}

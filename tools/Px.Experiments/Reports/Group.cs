using Px.Experiments.Results;
using Px.Experiments.Statistics;

namespace Px.Experiments.Reports;

/// <summary>The results of one series at one sparsity, that differ in their seed.</summary>
public sealed class Group
{
    /// <param name="series">The series.</param>
    /// <param name="sparsity">The fraction to be removed.</param>
    /// <param name="results">At least one. Cells of one seed may differ in what was measured beside the accuracy: the first counts for that.</param>
    public Group(Series series, double sparsity, IEnumerable<FoundResult> results)
    {
        Series = series;
        Sparsity = sparsity;
        All = [.. results.OrderBy(found => found.Result.Cell.Seed).ThenBy(found => found.Result.Name, StringComparer.Ordinal)];
        Seeds = [.. All.DistinctBy(found => found.Result.Cell.Seed).Select(found => found.Result)];
        After = new Sample(Seeds.Select(result => result.Training.After));
        AfterBySeed = Seeds.ToDictionary(result => result.Cell.Seed, result => result.Training.After);
    }

    public Series Series { get; }

    public double Sparsity { get; }

    /// <summary>Every result.</summary>
    public IReadOnlyList<FoundResult> All { get; }

    /// <summary>A result for each seed, by seed.</summary>
    public IReadOnlyList<CellResult> Seeds { get; }

    /// <summary>The measure after training, a value a seed.</summary>
    public Sample After { get; }

    public IReadOnlyDictionary<int, double> AfterBySeed { get; }

    /// <summary>What pruning left in each seed; empty for the dense network.</summary>
    public IEnumerable<PruningOutcome> Outcomes => Seeds.Select(result => result.Pruning).OfType<PruningOutcome>();

    /// <summary>The mean of something that every seed has; null where one lacks it.</summary>
    public double? Mean(Func<PruningOutcome, double?> measure)
    {
        var values = Outcomes.Select(measure).ToList();
        return values.Count > 0 && values.TrueForAll(value => value is not null) ? values.Average() : null;
    }
}

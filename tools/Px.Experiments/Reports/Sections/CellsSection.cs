using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Tables;

namespace Px.Experiments.Reports.Sections;

/// <summary>All results, a row each.</summary>
public static class CellsSection
{
    public static Section? Build(ResultSet results) => Section.OfStudies("cells", "All networks", Markup.Empty, results, study =>
    {
        var table = Table(study);
        return (Section.Folded("Each network", table), [table]);
    });

    private static DataTable Table(Study study)
    {
        var table = new DataTable(
            study, "cells", "A row for each network; a click on a column's title sorts by it",
            Column.OfText("Method", "method"), new("Removed", "sparsity"), new("Seed", "seed"), new("Rounds", "rounds"), new("Before training", "before"), new("After", "after"),
            new("Weights kept", "kept"), new("of", "total"), new("Effective", "effective"), new("Emptied layers", "collapsed_layers"), new("Outputs", "outputs_reached"),
            new("Pruned in, s", "prune_seconds_p95"), new("Trained in, s", "train_seconds"), Column.OfText("Name", "name"));
        foreach (var group in study.Groups)
        {
            foreach (var result in group.All.Select(found => found.Result))
            {
                var pruning = result.Pruning;
                table.Add(
                    group.Series, DataCell.Of(group.Sparsity, Words.Share), result.Cell.Seed, pruning is null ? DataCell.None : pruning.Rounds,
                    DataCell.Of(result.Training.Before, Words.Percent), DataCell.Of(result.Training.After, Words.Percent),
                    DataCell.Of(pruning?.Kept, Words.Count), DataCell.Of(pruning?.Total, Words.Count), DataCell.Of(pruning?.Effective, Words.Count),
                    DataCell.Of(pruning?.Layers.Count(layer => layer.Kept == 0), Words.Count), DataCell.Of(pruning?.OutputsReached, Words.Count),
                    DataCell.Of(pruning is { Seconds.Count: > 0 } ? new Statistics.Sample(pruning.Seconds).Percentile(0.95) : null, Words.Number),
                    DataCell.Of(result.Training.Seconds, Words.Number), result.Name);
            }
        }

        return table;
    }
}

using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Tables;

namespace Px.Experiments.Reports.Sections;

/// <summary>What became of the network as a network: emptied layers, lost outputs, and weights that were kept for nothing.</summary>
public static class StructureSection
{
    public static Section? Build(ResultSet results) => Section.OfStudies(
        "structure", "Collapse, connectivity, effective sparsity",
        Markup.Of($"<p class=\"hint\">A kept weight is dead if no path of kept weights from input to output leads through it; effective sparsity counts those as removed. Operations are those of a kernel that skips every pruned weight.</p>\n"),
        results, Build);

    private static (Markup, IReadOnlyList<DataTable>)? Build(Study study)
    {
        var groups = study.Groups.Where(group => group.Outcomes.Any()).ToList();
        if (groups.Count == 0)
            return null;
        var table = Table(study, groups);
        var diagnosis = Diagnosis(study, groups);
        var words = diagnosis.Rows.Count == 0 ? Markup.Empty : Section.Numbers($"Diagnosis in words, {Words.Count(diagnosis.Rows.Count, "finding")}", diagnosis.ToMarkup());
        return (Markup.Of($"<p>{Summary(groups)}</p>\n{Section.Folded("What pruning left", table)}{words}"), diagnosis.Rows.Count == 0 ? [table] : [table, diagnosis]);
    }

    private static Markup Summary(List<Group> groups)
    {
        var collapsed = groups.Where(group => Collapsed(group).Count > 0).ToList();
        var cut = groups.Where(group => group.Outcomes.Any(outcome => outcome.OutputsReached < outcome.Outputs)).ToList();
        var emptied = collapsed.Count == 0
            ? Markup.Of($"No layer is empty in any cell.")
            : Markup.Of($"Some seed has an emptied layer in {Words.List([.. collapsed.Select(Name)])}.");
        var lost = cut.Count > 0
            ? Markup.Of($" Outputs are cut off in {Words.List([.. cut.Select(Name)])}.")
            : groups.Any(group => group.Outcomes.Any(outcome => outcome.OutputsReached is not null)) ? Markup.Of($" Every output is reached wherever that is known.") : Markup.Empty;
        return Markup.Of($"{emptied}{lost}");
    }

    private static string Name(Group group) => $"{group.Series.Label} at {Words.Share(group.Sparsity)}";

    private static DataTable Table(Study study, List<Group> groups)
    {
        var table = new DataTable(
            study, "structure", "What pruning left, in the mean over seeds",
            Column.OfText("Method", "method"), new("Asked for", "sparsity"), new("Removed", "removed"), new("Effectively", "effective_sparsity"), new("Dead among kept", "dead_fraction_of_kept"),
            new("Emptied layers", "collapsed_layers"), new("Outputs reached", "outputs_reached_fraction"), new("Operations of dense", "flops_fraction"), new("Operations on a path", "effective_flops_fraction"), Column.OfText("Which are empty", "collapsed_layer_names") with { IsFolded = true });
        foreach (var group in groups)
        {
            var names = Collapsed(group);
            var reached = group.Outcomes.MinBy(outcome => outcome.OutputsReached ?? long.MaxValue)!;
            table.Add(
                group.Series, DataCell.Of(group.Sparsity, Words.Share),
                DataCell.Of(group.Mean(outcome => 1 - ((double)outcome.Kept / outcome.Total)), Words.Percent),
                DataCell.Of(group.Mean(outcome => 1 - ((double?)outcome.Effective / outcome.Total)), Words.Percent),
                DataCell.Of(group.Mean(outcome => outcome.Kept == 0 ? null : 1 - ((double?)outcome.Effective / outcome.Kept)), Words.Percent),
                DataCell.Of(group.Mean(outcome => outcome.Layers.Count(layer => layer.Kept == 0)), Words.Count),
                reached is { OutputsReached: { } outputs, Outputs: { } all } ? new DataCell($"{outputs} of {all}", (double)outputs / Math.Max(1, all)) : DataCell.None,
                DataCell.Of(group.Mean(outcome => (double?)outcome.Flops / outcome.DenseFlops), Words.Percent),
                DataCell.Of(group.Mean(outcome => (double?)outcome.EffectiveFlops / outcome.DenseFlops), Words.Percent), new DataCell(Shortened(names)) { Csv = string.Join(' ', names) });
        }

        return table;
    }

    private static DataTable Diagnosis(Study study, List<Group> groups)
    {
        var table = new DataTable(
            study, "diagnosis", "What is wrong with pruned networks, and what to do about it", Column.OfText("Method", "method"), new("Removed", "sparsity"), new("Seed", "seed"), Column.OfText("Finding", "finding"));
        foreach (var group in groups)
        {
            foreach (var seed in group.Seeds)
            {
                foreach (var finding in seed.Pruning?.Findings ?? [])
                    table.Add(group.Series, DataCell.Of(group.Sparsity, Words.Share), seed.Cell.Seed, finding);
            }
        }

        return table;
    }

    private static List<string> Collapsed(Group group) => [.. group.Outcomes.SelectMany(outcome => outcome.Layers).Where(layer => layer.Kept == 0).Select(layer => LayerMean.Bare(layer.Name)).Distinct()];

    private static string Shortened(List<string> names) => names.Count <= 4 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(3))} and {names.Count - 3} more";
}

using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Tables;

namespace Px.Experiments.Reports.Sections;

/// <summary>Which methods keep the same weights, and whether a method keeps the same for another seed.</summary>
public static class OverlapSection
{
    public static Section? Build(ResultSet results) => Section.OfStudies(
        "overlap", "Do methods keep the same weights?",
        Markup.Of($"<p class=\"hint\">The part of one mask's weights that another keeps too, in percent, |A ∩ B| / min(|A|, |B|): between methods on the same seed, mean over seeds; framed, of one method between its seeds.</p>\n"),
        results, Build);

    private static (Markup, IReadOnlyList<DataTable>)? Build(Study study)
    {
        var table = new DataTable(
            study, "overlap", "Overlap of masks", Column.OfText("Method", "method"), Column.OfText("Other", "other"), new("Removed", "sparsity"), new("Pairs", "pairs"), new("Overlap", "overlap"), new("Jaccard", "jaccard"), new("By chance", "overlap_by_chance"));
        var parts = study.Sparsities.Select(sparsity => Build(study, sparsity, table)).ToList();
        return table.Rows.Count == 0 ? null : (Markup.Join(parts.AsEnumerable().Reverse()), [table]);
    }

    private static Markup Build(Study study, double sparsity, DataTable table)
    {
        var groups = study.At(sparsity).Where(group => group.All.Any(found => found.MaskFile is not null)).ToList();
        if (groups.Count == 0)
            return Markup.Empty;
        var pairs = new MaskPairs(groups);
        var rows = groups.Select((a, i) => (a.Series, groups.Select((b, j) => Cell(pairs[Math.Min(i, j), Math.Max(i, j)], i == j))));
        for (var i = 0; i < groups.Count; i++)
        {
            for (var j = i; j < groups.Count; j++)
            {
                if (pairs[i, j] is { } pair)
                {
                    table.Add(
                        groups[i].Series, groups[j].Series, DataCell.Of(sparsity, Words.Share), pair.Count,
                        DataCell.Of(pair.Overlap, Words.Percent), DataCell.Of(pair.Jaccard, Words.Percent), DataCell.Of(pair.ByChance, Words.Percent));
                }
            }
        }

        return Section.Numbers($"Common weights, {Words.Share(sparsity)} removed", HeatTable.ToMarkup(
            $"{Words.Share(sparsity)} removed: common weights, %, and how many two masks of these layer densities have in common by chance",
            groups.Select(group => Markup.Of($"{group.Series.Label}")), rows));
    }

    private static HeatCell? Cell(MaskPairs.Mean? pair, bool isApart) =>
        pair is { } known ? new HeatCell(Words.Count(Math.Round(100 * known.Overlap)), known.Overlap, known.Overlap) { Aside = Words.Count(Math.Round(100 * known.ByChance)), IsApart = isApart } : null;
}

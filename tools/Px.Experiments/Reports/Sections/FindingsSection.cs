using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Tables;
using Px.Experiments.Statistics;

namespace Px.Experiments.Reports.Sections;

/// <summary>Each sparsity in words: which differences exceed the spread over seeds, and which do not.</summary>
public static class FindingsSection
{
    private const int MostRows = 400;

    public static Section? Build(ResultSet results) => Section.OfStudies("findings", "Which differences exceed the spread", Markup.Empty, results, Build);

    private static (Markup, IReadOnlyList<DataTable>)? Build(Study study)
    {
        if (!study.IsTrained)
            return null;
        var compared = study.Sparsities.Select(sparsity => new Comparison(study, sparsity)).Where(comparison => comparison.Groups.Count > 1).ToList();
        if (compared.Count == 0)
            return null;
        var table = Table(study, compared);
        return (Markup.Of($"<p>{Spread(compared)}</p>\n<div class=\"findings\">{compared.Select(Finding)}</div>\n{All(table)}"), [table]);
    }

    private static Markup All(DataTable table) => table.Rows.Count <= MostRows
        ? Section.Folded("Every difference", table)
        : Markup.Of($"<p class=\"hint\">The differences of every two methods, {Words.Count(table.Rows.Count)} rows, are in <code>differences.csv</code>.</p>\n");

    private static string Spread(List<Comparison> compared)
    {
        var seeds = compared.SelectMany(comparison => comparison.Pairs).Select(pair => pair.Difference.Count).DefaultIfEmpty(0).Max();
        return seeds < 2
            ? Verdict.Of(compared)
            : $"Methods are compared seed by seed, and a difference exceeds the spread if its mean over {Words.Count(seeds, "seed")} is further from zero than one sample standard deviation of the differences. That describes these runs; it is not a test.";
    }

    private static Markup Finding(Comparison comparison)
    {
        var best = comparison.Groups.MaxBy(group => group.After.Mean)!;
        if (comparison.Study.IsAtChance(best))
            return Article(comparison, Markup.Of($"<p>No network is above chance ({Words.Share(comparison.Study.Chance!.Value)}): which of them has the highest mean says nothing.</p>"));

        var first = Markup.Of($"<p>{best.Series.Chip} has the highest mean, <b>{Words.Percent(best.After.Mean, best.After.Deviation)}</b>{Below(comparison.Study.Dense, best)}.</p>");
        List<Markup> sentences = [.. Sides(comparison, best)];
        if (comparison.Study.Dense is { } dense)
        {
            var level = comparison.Groups.Where(group => PairedDifference.Between(group.AfterBySeed, dense.AfterBySeed) is { Deviation: not null } difference && (difference.Mean >= 0 || !difference.ExceedsSpread)).ToList();
            if (level.Count > 0)
                sentences.Add(Markup.Of($"<p class=\"label\">Not below the dense network by more than the spread</p><ul class=\"items\">{level.Select(group => Markup.Of($"<li>{group.Series.Chip}</li>"))}</ul>"));
        }

        if (comparison.Groups.FirstOrDefault(group => group.Series.Variant.Method == "px") is { } px && px != best && !comparison.Study.IsAtChance(px))
            sentences.AddRange([Markup.Of($"<p class=\"of\">{px.Series.Chip} itself has {Words.Percent(px.After.Mean, px.After.Deviation)}:</p>"), .. Sides(comparison, px)]);
        return Article(comparison, Markup.Of($"{first}<details><summary>Against the others</summary>{sentences}</details>"));
    }

    private static Markup Article(Comparison comparison, Markup words) =>
        Markup.Of($"<article><h3>{Words.Share(comparison.Sparsity)} removed</h3>{words}</article>\n");

    private static string Below(Group? dense, Group group) =>
        dense is null ? "" : group.After.Mean < dense.After.Mean
            ? $", {Words.Distance(dense.After.Mean - group.After.Mean)} points below the dense network"
            : $", no less than the dense network ({Words.Percent(dense.After.Mean, dense.After.Deviation)})";

    private static IEnumerable<Markup> Sides(Comparison comparison, Group group)
    {
        var differences = comparison.Of(group).ToList();
        foreach (var (words, isMeant) in ((string, Func<PairedDifference, bool>)[])
        [
            ("By more than the spread ahead of", difference => difference.ExceedsSpread && difference.Mean > 0),
            ("By more than the spread behind", difference => difference.ExceedsSpread && difference.Mean < 0),
            ("Within the spread of", difference => difference.Deviation is not null && !difference.ExceedsSpread),
            ("On one seed, against", difference => difference.Deviation is null),
        ])
        {
            var meant = differences.Where(pair => isMeant(pair.Difference)).ToList();
            if (meant.Count == 0)
                continue;
            yield return meant.Count == differences.Count && meant.Count > 2 && meant.TrueForAll(pair => !pair.Significant)
                ? Markup.Of($"<p><span class=\"label\">{words}</span> all others, from {Item(meant[0])} to {Item(meant[^1])}.</p>\n")
                : Markup.Of($"<p class=\"label\">{words}</p><ul class=\"items\">{meant.Select(pair => Markup.Of($"<li>{Item(pair)}</li>"))}</ul>");
        }
    }

    private static Markup Item((Group Other, PairedDifference Difference, bool Significant) pair) =>
        Markup.Of($"{pair.Other.Series.Chip} <small>{Words.Points(pair.Difference.Mean, pair.Difference.Deviation)}{(pair.Significant ? ", significant" : "")}</small>");

    private static DataTable Table(Study study, List<Comparison> compared)
    {
        var table = new DataTable(
            study, "differences", "Differences of means over common seeds, in percentage points",
            Column.OfText("Method", "method"), Column.OfText("Less", "other"), new("Removed", "sparsity"), new("Seeds", "seeds"), new("Mean", "mean"), new("Std. dev.", "standard_deviation"),
            Column.OfText("Exceeds spread", "exceeds_spread"), new("p", "p"), new("p, corrected", "p_holm"));
        foreach (var comparison in compared)
        {
            foreach (var pair in comparison.Pairs)
            {
                table.Add(
                    pair.A.Series, pair.B.Series, new DataCell(Words.Share(comparison.Sparsity), comparison.Sparsity), pair.Difference.Count,
                    DataCell.Of(pair.Difference.Mean, mean => Words.Points(mean)), DataCell.Of(pair.Difference.Deviation, deviation => Words.Number(100 * deviation)),
                    pair.Difference.Deviation is null ? DataCell.None : pair.Difference.ExceedsSpread ? "yes" : "no",
                    DataCell.Of(pair.Difference.P, Words.Number), DataCell.Of(pair.CorrectedP, Words.Number));
            }
        }

        return table;
    }
}

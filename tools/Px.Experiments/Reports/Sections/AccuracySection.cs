using Px.Experiments.Reports.Charts;
using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Tables;

namespace Px.Experiments.Reports.Sections;

/// <summary>The measure against sparsity: the paper's Figures 2 to 4, and a chart for each sparsity, in which methods can be told apart.</summary>
public static class AccuracySection
{
    public static Section? Build(ResultSet results) => Section.OfStudies(
        "accuracy", $"{Capital(results.Studies[0].Measure)} against sparsity",
        Markup.Of($"<p class=\"hint\">Marks are means, bars one sample standard deviation to each side, dots single seeds; the grey band is the dense network. Arrows point to what lies far below the others. Point at a mark for its values.</p>\n"),
        results, Build);

    private static (Markup, IReadOnlyList<DataTable>)? Build(Study study)
    {
        if (!study.IsTrained)
            return null;
        var table = Table(study);
        var rows = study.Sparsities.Where(sparsity => study.At(sparsity).Count() > 1).Select(sparsity => Dots(study, sparsity));
        return (Markup.Of($"{Lines(study)}<div class=\"panels\">{rows}</div>\n{Section.Numbers("The numbers", table.ToMarkup())}"), [table]);
    }

    private static Markup Lines(Study study)
    {
        if (study.Sparsities.Count < 2)
            return Markup.Empty;
        var floor = study.Sparsities.Min(sparsity => Scale.Floor(study.At(sparsity).Select(group => group.After.Mean)));
        var values = study.Groups.SelectMany(group => group.After.Values.Append(group.After.Mean + (group.After.Deviation ?? 0)).Append(group.After.Mean - (group.After.Deviation ?? 0)))
            .Where(value => value >= floor).ToList();
        var chart = new LineChart(
            $"{study.Measure} against the fraction of weights removed, a line a method",
            Scale.At(study.Sparsities, sparsity => -Math.Log(1 - sparsity), sparsity => Words.Share(sparsity)[..^2]),
            Scale.Linear(Math.Max(0, values.Min()), Math.Min(1, values.Max()), Words.Share))
        {
            XTitle = "weights removed, % (distances as the logarithm of what is left)",
            YTitle = study.Measure,
        };
        if (study.Dense is { } dense)
            chart.AddBand(dense.Series, dense.After.Mean, dense.After.Deviation, $"{dense.Series.Label} {Words.Percent(dense.After.Mean, dense.After.Deviation)}");
        foreach (var series in study.Series)
            chart.Add(series, study.Of(series).Select(group => new LinePoint(group.Sparsity, group.After.Mean, group.After.Deviation, group.After.Values, Describe(group))));
        return Markup.Of($"<figure class=\"wide\">{chart.ToMarkup()}</figure>\n");
    }

    private static Markup Dots(Study study, double sparsity) => Markup.Of(
        $"""
        <figure class="panel"><figcaption>{Words.Share(sparsity)} of the weights removed</figcaption>
        {DotPlot.ToMarkup($"{study.Measure} at {Words.Share(sparsity)} of the weights removed, the best method first", study.At(sparsity), study.Dense, Describe)}</figure>

        """);

    private static DataTable Table(Study study)
    {
        var table = new DataTable(
            study, "accuracy", $"{Capital(study.Measure)} over seeds, and what it was before training",
            Column.OfText("Method", "method"), new("Removed", "sparsity"), new("Seeds", "seeds"), new("Mean", "mean"), new("Std. dev.", "standard_deviation"),
            new("Lowest", "lowest"), new("Highest", "highest"), new("Before training", "mean_before_training"), new("Below dense, points", "below_dense"));
        foreach (var group in study.Groups)
        {
            table.Add(
                group.Series, new DataCell(Words.Share(group.Sparsity), group.Sparsity), group.After.Values.Count,
                DataCell.Of(group.After.Mean, Words.Percent), DataCell.Of(group.After.Deviation, Words.Percent),
                DataCell.Of(group.After.Values.Min(), Words.Percent), DataCell.Of(group.After.Values.Max(), Words.Percent),
                DataCell.Of(group.Seeds.Average(seed => seed.Training.Before), Words.Percent),
                DataCell.Of(study.Dense?.After.Mean - group.After.Mean, below => Words.Points(below)));
        }

        return table;
    }

    private static string Describe(Group group) =>
        $"{group.Series.Label}, {Words.Share(group.Sparsity)} removed: {Words.Percent(group.After.Mean, group.After.Deviation)}"
        + (group.Seeds.Count > 1 ? $" ({string.Join(", ", group.AfterBySeed.Select(pair => $"seed {pair.Key}: {Words.Percent(pair.Value)}"))})" : "");

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}

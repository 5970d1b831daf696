using Px.Experiments.Reports.Charts;
using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Tables;

namespace Px.Experiments.Reports.Sections;

/// <summary>The measure at each sparsity: a chart in which methods can be told apart, and the numbers.</summary>
public static class AccuracySection
{
    public static Section? Build(ResultSet results) => Section.OfStudies(
        "accuracy", $"{Capital(results.Studies[0].Measure)} at each sparsity",
        Markup.Of($"<p class=\"hint\">Marks are means, bars one sample standard deviation to each side, dots single seeds; the grey band is the dense network, the dashed line guessing. Where the ground is grey the axis is compressed. Point at a mark for its values.</p>\n"),
        results, Build);

    /// <summary>The chart at one sparsity, the best method first.</summary>
    public static Markup Dots(Study study, double sparsity) => Markup.Of(
        $"""
        <figure class="panel"><figcaption>{Words.Share(sparsity)} of the weights removed</figcaption>
        {DotPlot.ToMarkup($"{study.Measure} at {Words.Share(sparsity)} of the weights removed, the best method first", study, study.At(sparsity), AccuracyChart.Describe)}</figure>

        """);

    private static (Markup, IReadOnlyList<DataTable>)? Build(Study study)
    {
        if (!study.IsTrained)
            return null;
        var table = Table(study);
        var rows = study.Sparsities.Where(sparsity => study.At(sparsity).Count() > 1).Select(sparsity => Dots(study, sparsity));
        return (Markup.Of($"<div class=\"panels\">{rows}</div>\n{Section.Folded("The numbers", table)}"), [table]);
    }

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

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}

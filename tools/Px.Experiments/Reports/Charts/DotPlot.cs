using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Charts;

/// <summary>A row for each series, the best on top: its mean, its spread, every value; the dense network is a row and a band behind all, chance the last row and a line.</summary>
public static class DotPlot
{
    private const double RowHeight = 24;

    /// <param name="label">What the chart shows, for those who do not see it.</param>
    /// <param name="study">Where the groups are from.</param>
    /// <param name="groups">The rows, except the dense network's.</param>
    /// <param name="text">What is said of a row.</param>
    public static Markup ToMarkup(string label, Study study, IEnumerable<Group> groups, Func<Group, string> text)
    {
        var methods = groups.ToList();
        List<Group> rows = [.. methods.Concat(study.Dense is { } dense ? [dense] : []).OrderByDescending(group => group.After.Mean)];
        var scale = MeasureScale.Of(rows, [methods.Select(group => group.After.Mean)], study.Chance, ticks: 5);
        var height = RowHeight * (rows.Count + (study.Chance is null ? 0 : 1));
        return Markup.Of(
            $"""
            <svg class="plot dot-plot" style="height:{height}px" role="group" aria-label="{label}">
            {Plot.PressedX(scale, height)}{Plot.Verticals(scale, height)}{Band(study.Dense, scale, height)}{rows.Select((row, i) => Row(row, scale, (i + 0.5) * RowHeight, text(row)))}
            {Chance(study.Chance, scale, height)}</svg>

            """);
    }

    private static Markup Band(Group? dense, Scale scale, double height)
    {
        if (dense is null)
            return Markup.Empty;
        var (low, mean, high) = (Across(scale, MeasureScale.Low(dense)), Across(scale, dense.After.Mean), Across(scale, MeasureScale.High(dense)));
        return Markup.Of(
            $"<g {dense.Series.Attributes}><rect class=\"band\" x=\"{low}%\" width=\"{high - low}%\" height=\"{height}\"/><line class=\"band\" x1=\"{mean}%\" x2=\"{mean}%\" y2=\"{height}\"/></g>\n");
    }

    private static Markup Chance(double? chance, Scale scale, double height) => chance is { } level
        ? Markup.Of(
            $"""
            <g class="chance"><line class="level" x1="{Across(scale, level)}%" x2="{Across(scale, level)}%" y2="{height}"/><text class="name" x="-10" y="{height - (RowHeight / 2)}">chance</text>
            <text class="value" x="100%" dx="10" y="{height - (RowHeight / 2)}">{Words.Share(level)}</text></g>

            """)
        : Markup.Empty;

    private static Markup Row(Group group, Scale scale, double y, string text)
    {
        var (series, sample) = (group.Series, group.After);
        var spread = sample.Deviation is not null
            ? Markup.Of($"<line class=\"spread\" x1=\"{Across(scale, MeasureScale.Low(group))}%\" x2=\"{Across(scale, MeasureScale.High(group))}%\" y1=\"{y}\" y2=\"{y}\"/>")
            : Markup.Empty;
        var values = sample.Values.Count > 1 ? sample.Values.Select(value => Markup.Of($"<circle class=\"seed\" cx=\"{Across(scale, value)}%\" cy=\"{y}\" r=\"2.5\"/>")) : [];
        return Markup.Of(
            $"""
            <g {series.Attributes}><line class="row" x2="100%" y1="{y}" y2="{y}"/><text class="name" x="-10" y="{y}">{series.Shortened(20)}</text>
            {spread}{values}<use class="pt" href="#m-{series.Style}" x="{Across(scale, sample.Mean)}%" y="{y}"><title>{text}</title></use>
            <text class="value" x="100%" dx="10" y="{y}">{Words.Percent(sample.Mean, sample.Deviation)}</text></g>

            """);
    }

    private static double Across(Scale scale, double value) => 100 * scale.At(value);
}

using Px.Experiments.Reports.Html;
using Px.Experiments.Statistics;

namespace Px.Experiments.Reports.Charts;

/// <summary>A row for each series, the best on top: its mean, its spread, every value; the dense network as a band behind all.</summary>
/// <remarks>The axis covers what is worth comparing: what lies far below most is drawn at its left edge, with an arrow and its value.</remarks>
public static class DotPlot
{
    private const double RowHeight = 24;

    /// <param name="label">What the chart shows, for those who do not see it.</param>
    /// <param name="groups">The rows.</param>
    /// <param name="dense">The dense network, where it was trained.</param>
    /// <param name="text">What is said of a row.</param>
    public static Markup ToMarkup(string label, IEnumerable<Group> groups, Group? dense, Func<Group, string> text)
    {
        var rows = groups.OrderByDescending(group => group.After.Mean).ToList();
        var scale = Cover(rows, dense);
        var height = RowHeight * rows.Count;
        return Markup.Of(
            $"""
            <svg class="plot dot-plot" style="height:{height}px" role="group" aria-label="{label}">
            {Plot.Verticals(scale, height)}{(dense is null ? Markup.Empty : Band(dense, scale, height))}{rows.Select((row, i) => Row(row, scale, (i + 0.5) * RowHeight, text(row)))}</svg>

            """);
    }

    private static Scale Cover(List<Group> rows, Group? dense)
    {
        var shown = dense is null ? rows : [.. rows, dense];
        var highest = shown.Max(High);
        var floor = Scale.Floor(rows.Select(row => row.After.Mean));
        var lowest = shown.Select(Low).Where(low => low >= floor).Append(rows[0].After.Mean).Min();
        var room = 0.03 * Math.Max(highest - lowest, 0.01);
        return Scale.Linear(lowest - room, highest + room, Words.Share, ticks: 7, tight: true);
    }

    private static Markup Band(Group dense, Scale scale, double height) => Markup.Of(
        $"""
        <g {dense.Series.Attributes}><rect class="band" x="{Across(scale, Low(dense))}%" width="{Across(scale, High(dense)) - Across(scale, Low(dense))}%" height="{height}"/>
        <line class="band" x1="{Across(scale, dense.After.Mean)}%" x2="{Across(scale, dense.After.Mean)}%" y2="{height}"/><text class="band x" x="{Across(scale, dense.After.Mean)}%" y="-6">{dense.Series.Label}</text></g>

        """);

    private static Markup Row(Group group, Scale scale, double y, string text)
    {
        var (series, sample) = (group.Series, group.After);
        var isBelow = scale.At(sample.Mean) < 0;
        var spread = sample.Deviation is not null && !isBelow
            ? Markup.Of($"<line class=\"spread\" x1=\"{Across(scale, Low(group))}%\" x2=\"{Across(scale, High(group))}%\" y1=\"{y}\" y2=\"{y}\"/>")
            : Markup.Empty;
        var values = sample.Values.Count > 1 ? sample.Values.Where(value => scale.At(value) >= 0).Select(value => Markup.Of($"<circle class=\"seed\" cx=\"{Across(scale, value)}%\" cy=\"{y}\" r=\"2.5\"/>")) : [];
        return Markup.Of(
            $"""
            <g {series.Attributes}><line class="row" x2="100%" y1="{y}" y2="{y}"/><text class="name" x="-10" y="{y}">{series.Shortened(20)}</text>
            {spread}{values}<use class="pt" href="#{(isBelow ? "off" : FormattableString.Invariant($"m{series.Shape}"))}" x="{Across(scale, sample.Mean)}%" y="{y}"><title>{text}</title></use>
            <text class="value" x="100%" dx="10" y="{y}">{Words.Percent(sample.Mean, sample.Deviation)}</text></g>

            """);
    }

    private static double Across(Scale scale, double value) => 100 * Math.Clamp(scale.At(value), 0, 1);

    private static double Low(Group group) => Math.Min(group.After.Values.Min(), group.After.Mean - (group.After.Deviation ?? 0));

    private static double High(Group group) => Math.Max(group.After.Values.Max(), group.After.Mean + (group.After.Deviation ?? 0));
}

using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Charts;

/// <summary>Lines through means, with spread and single values, named where they end. What lies below the axis is an arrow at its edge.</summary>
/// <param name="label">What the chart shows, for those who do not see it.</param>
/// <param name="x">The horizontal axis.</param>
/// <param name="y">The vertical axis.</param>
public sealed class LineChart(string label, Scale x, Scale y)
{
    private const double Height = 360, LabelHeight = 15;

    private readonly List<(Series Series, IReadOnlyList<LinePoint> Points)> lines = [];
    private Markup band = Markup.Empty;

    public required string XTitle { get; init; }

    public required string YTitle { get; init; }

    /// <summary>Adds a line through points from left to right; one without points is left out.</summary>
    public void Add(Series series, IEnumerable<LinePoint> points)
    {
        if (points.ToList() is { Count: > 0 } all)
            lines.Add((series, all));
    }

    /// <summary>Draws a value that does not depend on the horizontal axis, as wide as it spreads.</summary>
    public void AddBand(Series series, double mean, double? deviation, string text)
    {
        var (top, bottom) = (Vertical(mean + (deviation ?? 0)), Vertical(mean - (deviation ?? 0)));
        band = Markup.Of(
            $"""
            <g {series.Attributes}><rect class="band" width="100%" y="{top}" height="{bottom - top}"/><line class="band" x2="100%" y1="{Vertical(mean)}" y2="{Vertical(mean)}"/>
            <text class="band" x="100%" dx="-4" y="{top - 8}">{text}</text></g>

            """);
    }

    public Markup ToMarkup() => Markup.Of(
        $"""
        <div class="axis-title">{YTitle}</div>
        <svg class="plot line-chart" style="height:{Height}px" role="group" aria-label="{label}">
        {Plot.Horizontals(y, Height)}{Plot.Verticals(x, Height)}{band}{Plot.Stretched(Height, lines.Select(Line))}{lines.Select(Points)}{Names()}</svg>
        <div class="axis-title below">{XTitle}</div>

        """);

    private Markup Line((Series Series, IReadOnlyList<LinePoint> Points) line) =>
        Markup.Of($"<path {line.Series.Attributes} d=\"{Plot.Path(line.Points.Select(point => (x.At(point.X), Math.Max(y.At(point.Y), -9))), Height)}\"/>");

    private Markup Points((Series Series, IReadOnlyList<LinePoint> Points) line) => Markup.Of($"<g {line.Series.Attributes}>{line.Points.Select(point => Point(line.Series, point))}</g>\n");

    private Markup Point(Series series, LinePoint point)
    {
        var at = 100 * x.At(point.X);
        var spread = point.Deviation is { } deviation && !IsBelow(point)
            ? Markup.Of($"<line class=\"spread\" x1=\"{at}%\" x2=\"{at}%\" y1=\"{Vertical(point.Y - deviation)}\" y2=\"{Vertical(point.Y + deviation)}\"/>")
            : Markup.Empty;
        var values = point.Values.Count > 1 ? point.Values.Where(value => y.At(value) >= 0).Select(value => Markup.Of($"<circle class=\"seed\" cx=\"{at}%\" cy=\"{Vertical(value)}\" r=\"2\"/>")) : [];
        return Markup.Of($"{spread}{values}<use class=\"pt\" href=\"#{(IsBelow(point) ? "down" : FormattableString.Invariant($"m{series.Shape}"))}\" x=\"{at}%\" y=\"{Vertical(point.Y)}\"><title>{point.Text}</title></use>");
    }

    // Names lie where their lines end, moved apart where they would overlap.
    private Markup Names()
    {
        if (lines.Count * LabelHeight > Height)
            return Markup.Empty;
        var ends = lines.Select(line => (line.Series, End: line.Points[^1])).OrderBy(line => Vertical(line.End.Y)).ToList();
        var places = Spread([.. ends.Select(line => Vertical(line.End.Y))]);
        return Markup.Of($"<g class=\"names\" aria-hidden=\"true\">{ends.Select((line, i) => Name(line.Series, line.End, places[i]))}</g>");
    }

    private Markup Name(Series series, LinePoint end, double place) => Markup.Of(
        $"<g {series.Attributes}><line class=\"leader\" x1=\"{100 * x.At(end.X)}%\" x2=\"100%\" y1=\"{Vertical(end.Y)}\" y2=\"{place}\"/><text x=\"100%\" dx=\"6\" y=\"{place}\">{series.Shortened(22)}{(IsBelow(end) ? " ↓" : "")}</text></g>");

    private bool IsBelow(LinePoint point) => y.At(point.Y) < 0;

    private static List<double> Spread(List<double> places)
    {
        for (var i = 1; i < places.Count; i++)
            places[i] = Math.Max(places[i], places[i - 1] + LabelHeight);
        var limit = Height;
        for (var i = places.Count - 1; i >= 0; i--, limit -= LabelHeight)
            places[i] = Math.Min(places[i], limit);
        return places;
    }

    private double Vertical(double value) => Plot.Y(Math.Clamp(y.At(value), 0, 1), Height);
}

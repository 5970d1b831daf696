using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Charts;

/// <summary>Lines through means, with spread and single values; marks and names stand beside the chart, where lines end.</summary>
/// <param name="label">What the chart shows, for those who do not see it.</param>
/// <param name="x">The horizontal axis.</param>
/// <param name="y">The vertical axis.</param>
public sealed class LineChart(string label, Scale x, Scale y)
{
    private const double LeastHeight = 400;

    private readonly List<(Series Series, IReadOnlyList<LinePoint> Points)> lines = [];
    private (Series Series, LinePoint Mean)? band;
    private (string Text, double Value)? level;

    public required string XTitle { get; init; }

    public required string YTitle { get; init; }

    /// <summary>Pixels from one name to the next, at least.</summary>
    public double NameHeight { get; init; } = 16;

    /// <summary>Pixels: as many as the names need, and no fewer than 400.</summary>
    public double Height => Math.Max(LeastHeight, NameHeight * (lines.Count + 2));

    /// <summary>Whether the vertical axis presses a part of its values together, on a ground that is grey.</summary>
    public bool IsPressed => y.Pressed > 0;

    /// <summary>Adds a line through points from left to right; one without points is left out.</summary>
    public void Add(Series series, IEnumerable<LinePoint> points)
    {
        if (points.ToList() is { Count: > 0 } all)
            lines.Add((series, all));
    }

    /// <summary>Draws a value that does not depend on the horizontal axis, as wide as it spreads.</summary>
    public void SetBand(Series series, LinePoint mean) => band = (series, mean);

    /// <summary>Draws a level to compare with.</summary>
    public void SetLevel(string text, double value) => level = (text, value);

    public Markup ToMarkup() => Markup.Of(
        $"""
        <div class="axis-title">{YTitle}{(IsPressed ? " (compressed where the ground is grey)" : "")}</div>
        <svg class="plot line-chart" style="height:{Height}px" role="group" aria-label="{label}">
        {Content()}</svg>
        <div class="axis-title below">{XTitle}</div>

        """);

    /// <summary>What is in the chart's frame and around it, except the titles of the axes.</summary>
    public Markup Content() => Markup.Of(
        $"{Plot.PressedY(y, Height)}{Plot.Horizontals(y, Height)}{Plot.Verticals(x, Height)}{Band()}{Level()}{Plot.Stretched(Height, lines.Select(Line))}{lines.Select(Points)}{Names()}");

    private Markup Band() => band is { } shown
        ? Markup.Of(
            $"""
            <g {shown.Series.Attributes}><rect class="band" width="100%" y="{Top(shown.Mean)}" height="{Bottom(shown.Mean) - Top(shown.Mean)}"/><line class="band" x2="100%" y1="{Vertical(shown.Mean.Y)}" y2="{Vertical(shown.Mean.Y)}"/></g>

            """)
        : Markup.Empty;

    private Markup Level() => level is { } shown ? Markup.Of($"<g class=\"chance\"><line class=\"level\" x2=\"100%\" y1=\"{Vertical(shown.Value)}\" y2=\"{Vertical(shown.Value)}\"/></g>\n") : Markup.Empty;

    private Markup Line((Series Series, IReadOnlyList<LinePoint> Points) line) =>
        Markup.Of($"<path {line.Series.Attributes} d=\"{Plot.Path(line.Points.Select(point => (x.At(point.X), y.At(point.Y))), Height)}\"/>");

    private Markup Points((Series Series, IReadOnlyList<LinePoint> Points) line) => Markup.Of($"<g {line.Series.Attributes}>{line.Points.Select(point => Point(line.Series, point))}</g>\n");

    private Markup Point(Series series, LinePoint point)
    {
        var at = 100 * x.At(point.X);
        var spread = point.Deviation is not null ? Markup.Of($"<line class=\"spread\" x1=\"{at}%\" x2=\"{at}%\" y1=\"{Top(point)}\" y2=\"{Bottom(point)}\"/>") : Markup.Empty;
        var values = point.Values.Count > 1 ? point.Values.Select(value => Markup.Of($"<circle class=\"seed\" cx=\"{at}%\" cy=\"{Vertical(value)}\" r=\"2\"/>")) : [];
        return Markup.Of($"{spread}{values}<use class=\"pt\" href=\"#m-{series.Style}\" x=\"{at}%\" y=\"{Vertical(point.Y)}\"><title>{point.Text}</title></use>");
    }

    // Names lie where their lines end, moved apart where they would overlap.
    private Markup Names()
    {
        var ends = lines.Select(line => (line.Series.Attributes, Mark: line.Series.Style, Text: line.Series.Shortened(20), X: x.At(line.Points[^1].X), Y: Vertical(line.Points[^1].Y))).ToList();
        if (band is { } dense)
            ends.Add((dense.Series.Attributes, dense.Series.Style, dense.Series.Label, 1, Vertical(dense.Mean.Y)));
        if (level is { } chance)
            ends.Add((Markup.Of($"class=\"chance\""), "chance", chance.Text, 1, Vertical(chance.Value)));
        ends = [.. ends.OrderBy(end => end.Y)];
        var places = Spread([.. ends.Select(end => end.Y)]);
        return Markup.Of($"<g class=\"names\" aria-hidden=\"true\">{ends.Select((end, i) => Name(end.Attributes, end.Mark, end.Text, end.X, end.Y, places[i]))}</g>\n");
    }

    private Markup Name(Markup attributes, string mark, string text, double x, double y, double place)
    {
        var leader = x < 1 ? Markup.Of($"<line class=\"leader\" x1=\"{100 * x}%\" x2=\"100%\" y1=\"{y}\" y2=\"{place}\"/>") : Markup.Empty;
        return Markup.Of($"<g {attributes}>{leader}<use class=\"mark\" href=\"#m-{mark}\" x=\"100%\" y=\"{place}\"/><text x=\"100%\" dx=\"{NameHeight * 1.2}\" y=\"{place}\">{text}</text></g>\n");
    }

    // As near to the lines' ends as the others allow: names that would overlap are moved apart from the middle of theirs.
    private List<double> Spread(List<double> places)
    {
        var blocks = new List<(double Middle, int Count)>();
        foreach (var place in places)
        {
            var block = Inside((place, 1));
            while (blocks.Count > 0 && block.Middle - blocks[^1].Middle < NameHeight * (block.Count + blocks[^1].Count) / 2)
            {
                var (middle, count) = blocks[^1];
                blocks.RemoveAt(blocks.Count - 1);
                block = Inside((((middle * count) + (block.Middle * block.Count)) / (count + block.Count), count + block.Count));
            }

            blocks.Add(block);
        }

        return [.. blocks.SelectMany(block => Enumerable.Range(0, block.Count).Select(i => block.Middle + (NameHeight * (i - ((block.Count - 1) / 2.0)))))];
    }

    private (double Middle, int Count) Inside((double Middle, int Count) block)
    {
        var half = NameHeight * (block.Count - 1) / 2;
        return (Math.Clamp(block.Middle, half, Height - half), block.Count);
    }

    private double Top(LinePoint point) => Vertical(point.Y + (point.Deviation ?? 0));

    private double Bottom(LinePoint point) => Vertical(point.Y - (point.Deviation ?? 0));

    // A deviation may reach further than the measure can.
    private double Vertical(double value) => Plot.Y(Math.Clamp(y.At(value), 0, 1), Height);
}

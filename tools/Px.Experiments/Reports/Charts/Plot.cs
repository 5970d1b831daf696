using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Charts;

/// <summary>
/// What charts are drawn with. Widths are percentages, heights pixels: a chart is as wide as its page lets it be, and its text and marks keep their size.
/// Only paths need numbers, and lie in an inner drawing that is stretched.
/// </summary>
public static class Plot
{
    /// <summary>Width of the inner drawing, whatever the chart's is.</summary>
    public const int Stretch = 1000;

    /// <summary>Horizontal lines with their values to the left.</summary>
    public static Markup Horizontals(Scale scale, double height) => Markup.Of(
        $"<g class=\"grid\" aria-hidden=\"true\">{scale.Ticks.Select(tick => Markup.Of($"<line x2=\"100%\" y1=\"{Y(tick.At, height)}\" y2=\"{Y(tick.At, height)}\"/><text class=\"y\" x=\"-8\" y=\"{Y(tick.At, height)}\">{tick.Text}</text>"))}</g>\n");

    /// <summary>Vertical lines with their values below.</summary>
    public static Markup Verticals(Scale scale, double height) => Markup.Of(
        $"<g class=\"grid\" aria-hidden=\"true\">{scale.Ticks.Select((tick, i) => Markup.Of($"<line x1=\"{100 * tick.At}%\" x2=\"{100 * tick.At}%\" y2=\"{height}\"/><text class=\"x{Every(i, scale)}\" x=\"{100 * tick.At}%\" y=\"{height + 18}\">{tick.Text}</text>"))}</g>\n");

    /// <summary>A shade where a vertical axis presses values together.</summary>
    public static Markup PressedY(Scale scale, double height) => scale.Pressed > 0
        ? Markup.Of($"<rect class=\"pressed\" width=\"100%\" y=\"{Y(scale.Pressed, height)}\" height=\"{scale.Pressed * height}\"/>")
        : Markup.Empty;

    /// <summary>A shade where a horizontal axis presses values together.</summary>
    public static Markup PressedX(Scale scale, double height) => scale.Pressed > 0
        ? Markup.Of($"<rect class=\"pressed\" width=\"{100 * scale.Pressed}%\" height=\"{height}\"/>")
        : Markup.Empty;

    /// <summary>A line through points of the unit square, for the inner drawing.</summary>
    public static string Path(IEnumerable<(double X, double Y)> points, double height) =>
        string.Concat(points.Select((point, i) => FormattableString.Invariant($"{(i == 0 ? 'M' : 'L')}{Stretch * point.X:0.#} {Y(point.Y, height):0.#}")));

    /// <summary>The inner drawing.</summary>
    public static Markup Stretched(double height, IEnumerable<Markup> paths) => Markup.Of(
        $"<svg class=\"stretch\" width=\"100%\" height=\"{height}\" viewBox=\"0 0 {Stretch} {height}\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{paths}</svg>\n");

    /// <summary>Pixels from the top.</summary>
    public static double Y(double at, double height) => (1 - at) * height;

    // On narrow pages every other tick of a crowded axis is left out, and not that from which it is even.
    private static string Every(int index, Scale scale) => scale.Ticks.Count > 6 && index % 2 == (scale.Pressed > 0 ? 0 : 1) && index > 0 ? " odd" : "";
}

using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Charts;

/// <summary>The paper's Figure 6, a small chart a method: a bar a layer, as high as it has output units that are still connected, before all that it had.</summary>
public static class UnitBars
{
    private const double Height = 76;

    /// <summary>All units, which the charts of a network share.</summary>
    public static Markup Outline(string id, IReadOnlyList<LayerMean> layers) => Markup.Of(
        $"<svg class=\"marks\" aria-hidden=\"true\"><defs><g id=\"{Id(id)}\">{layers.Select((layer, i) => Markup.Of($"<rect {Place(layers, i, layer.Units)}/>"))}</g></defs></svg>\n");

    /// <param name="series">The method.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="outline">All units.</param>
    public static Markup ToMarkup(Series series, IReadOnlyList<LayerMean> layers, string outline) => Markup.Of(
        $"""
        <figure class="mini" data-s="{series.Variant.Method}"><figcaption title="{series.Label}">{series.Chip} <span class="sum">{Words.Count(layers.Sum(layer => layer.UnitsAlive))} of {Words.Count(layers.Sum(layer => layer.Units))}</span></figcaption>
        <svg class="plot bars" style="height:{Height}px" role="group" aria-label="{series.Label}: output units with a kept weight, layer by layer"><use class="all" href="#{Id(outline)}"/><g {series.Attributes}>{layers.Select((layer, i) => Bar(layers, layer, i))}</g></svg></figure>

        """);

    private static Markup Bar(IReadOnlyList<LayerMean> layers, LayerMean layer, int index)
    {
        var text = $"{layer.Name}: {Words.Count(layer.UnitsAlive)} of {Words.Count(layer.Units)} units{(layer.UnitsEffective is { } effective ? $" ({Words.Count(effective)} on a path)" : "")}, {Words.Percent(layer.Density)} of the weights";
        var empty = layer.Density > 0 ? Markup.Empty : Markup.Of($"<text class=\"empty\" x=\"{100 * (index + 0.5) / layers.Count}%\" y=\"{Height - 3}\">×</text>");
        return Markup.Of($"<rect class=\"pt\" {Place(layers, index, layer.UnitsAlive)}><title>{text}</title></rect>{empty}");
    }

    private static Markup Place(IReadOnlyList<LayerMean> layers, int index, double units)
    {
        var height = Height * units / Math.Max(1, layers.Max(layer => layer.Units));
        return Markup.Of($"x=\"{100 * (index + 0.1) / layers.Count}%\" width=\"{80.0 / layers.Count}%\" y=\"{Height - height}\" height=\"{height}\"");
    }

    // Whatever a study is called: an id has no spaces.
    private static string Id(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
}

using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Tables;

/// <summary>A table of numbers whose cells are the more coloured the larger they are. The numbers stand in it, so that colour is not needed.</summary>
public static class HeatTable
{
    /// <param name="caption">What the numbers are.</param>
    /// <param name="columns">The header.</param>
    /// <param name="rows">A method and its cells; null where there is none.</param>
    public static Markup ToMarkup(string caption, IEnumerable<Markup> columns, IEnumerable<(Series Series, IEnumerable<HeatCell?> Cells)> rows) => Markup.Of(
        $"""
        <div class="scroll" role="region" tabindex="0" aria-label="{caption}"><table class="heat sortable"><caption>{caption}</caption>
        <thead><tr><th scope="col">Method</th>{columns.Select(column => Markup.Of($"<th scope=\"col\" class=\"n turned\">{column}</th>"))}</tr></thead>
        <tbody>{rows.Select(row => Markup.Of($"<tr><th scope=\"row\">{row.Series.Chip}</th>{row.Cells.Select(Cell)}</tr>\n"))}</tbody></table></div>

        """);

    private static Markup Cell(HeatCell? cell) => cell is null
        ? Markup.Trusted("<td class=\"n\"></td>")
        : Markup.Of($"<td class=\"n{(cell.IsAlarming ? " alarm" : cell.IsApart ? " apart" : "")}\" style=\"--v:{100 * cell.Heat}%\" data-v=\"{Words.Sortable(cell.Value)}\">{cell.Text}{(cell.Aside is { } aside ? Markup.Of($" <small>{aside}</small>") : Markup.Empty)}</td>");
}

using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Tables;

/// <summary>Rows of values under a header: one table for the page and for CSV, where it is a file.</summary>
/// <param name="study">What the rows are about, which CSV has in its first column.</param>
/// <param name="name">The file's name, without extension. Tables of one name have the same columns, and one file together.</param>
/// <param name="caption">What the table shows, for the page.</param>
/// <param name="columns">The columns, the first of which says what a row is about.</param>
public sealed class DataTable(Study study, string name, string caption, params Column[] columns)
{
    private const int LongText = 30;

    private readonly List<IReadOnlyList<DataCell>> rows = [];

    public Study Study => study;

    public string Name => name;

    public string Caption => caption;

    public IReadOnlyList<Column> Columns => columns;

    public IReadOnlyList<IReadOnlyList<DataCell>> Rows => rows;

    /// <summary>Adds a row.</summary>
    /// <exception cref="ArgumentException">It has more or fewer cells than there are columns.</exception>
    public void Add(params DataCell[] cells)
    {
        if (cells.Length != columns.Length)
            throw new ArgumentException($"The row has {cells.Length} cells, the table '{name}' {columns.Length} columns.", nameof(cells));
        rows.Add(cells);
    }

    /// <summary>The table for the page, in a frame that scrolls where it is too wide.</summary>
    public Markup ToMarkup() => Markup.Of(
        $"""
        <div class="scroll" role="region" tabindex="0" aria-label="{caption}"><table class="sortable"><caption>{caption}</caption>
        <thead><tr>{columns.Select(column => Markup.Of($"<th scope=\"col\"{Class(column)}>{column.Title}</th>"))}</tr></thead>
        <tbody>{rows.Select(Row)}</tbody></table></div>

        """);

    private static Markup Class(Column column) => Markup.Trusted(column.IsNumber ? " class=\"n\"" : "");

    private Markup Row(IReadOnlyList<DataCell> cells) => Markup.Of($"<tr>{cells.Select(Cell)}</tr>\n");

    private Markup Cell(DataCell cell, int index)
    {
        var isFolded = columns[index].IsFolded && cell.Text.Length > LongText;
        var content = cell.Series is { } series ? Markup.Of($"{series.Key} {cell.Text}")
            : isFolded ? Markup.Of($"<details class=\"cell\"><summary>{cell.Text[..LongText].TrimEnd(' ', ',')}…</summary>{cell.Text}</details>")
            : Markup.Of($"{cell.Text}");
        if (index == 0)
            return Markup.Of($"<th scope=\"row\">{content}</th>");
        var value = cell.Value is { } number ? Markup.Of($" data-v=\"{Words.Sortable(number)}\"") : Markup.Empty;
        return Markup.Of($"<td{(cell.Text.Length > LongText ? Markup.Trusted(" class=\"long\"") : Class(columns[index]))}{value}>{content}</td>");
    }
}

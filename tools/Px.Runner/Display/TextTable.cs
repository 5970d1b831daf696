using System.Text;

namespace Px.Runner.Display;

/// <summary>Rows of text under a header, in columns as wide as they need to be: the first to the left, the others to the right.</summary>
/// <param name="header">A title for each column; one of several lines makes its column narrower.</param>
public sealed class TextTable(params string[] header)
{
    private const string Gap = "  ";
    private readonly List<string[]> rows = [];

    /// <exception cref="ArgumentException">The row has more or fewer cells than the header.</exception>
    public void Add(params string[] cells)
    {
        if (cells.Length != header.Length)
            throw new ArgumentException($"The row has {cells.Length} cells, the header {header.Length}.", nameof(cells));
        rows.Add(cells);
    }

    public override string ToString()
    {
        var titles = header.Select(title => title.Split('\n')).ToArray();
        var heads = Enumerable.Range(0, titles.Max(lines => lines.Length)).Select(line => titles.Select(lines => lines.ElementAtOrDefault(line) ?? "").ToArray()).ToList();
        var widths = header.Select((_, column) => heads.Concat(rows).Max(row => row[column].Length)).ToArray();
        var rule = widths.Select(width => new string('-', width)).ToArray();
        var text = new StringBuilder();
        foreach (var row in heads.Append(rule).Concat(rows))
            text.AppendLine(string.Join(Gap, row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd());
        return text.ToString().TrimEnd();
    }
}

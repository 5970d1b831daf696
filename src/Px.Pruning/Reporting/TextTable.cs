using System.Globalization;
using System.Text;

namespace Px.Pruning.Reporting;

// Rows of cells as aligned text: the first columns (words) to the left, all others to the right, a rule below the header and above totals.
internal sealed class TextTable(int words, params string[] header)
{
    private const string Gap = "  ";

    private readonly List<string[]> rows = [header];
    private int totals = -1;

    internal void Add(params string[] cells) => rows.Add(cells);

    // Rows added from now on are below a second rule.
    internal void BeginTotals() => totals = rows.Count > 1 ? rows.Count : -1;

    public override string ToString()
    {
        var widths = header.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        var rule = string.Join(Gap, widths.Select(width => new string('-', width))) + "\n";
        var text = new StringBuilder();
        for (var i = 0; i < rows.Count; i++)
        {
            if (i == 1 || i == totals) text.Append(rule);
            text.Append(string.Join(Gap,
                rows[i].Select((cell, column) => column < words ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd())
                .Append('\n');
        }

        return text.ToString();
    }

    // 1,234; empty if unknown.
    internal static string Number(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "";

    // 12.34 %; empty if unknown.
    internal static string Percent(double? fraction) =>
        fraction is { } known ? (100 * known).ToString("0.00", CultureInfo.InvariantCulture) + " %" : "";
}

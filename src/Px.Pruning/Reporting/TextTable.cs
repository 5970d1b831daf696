using System.Globalization;
using System.Text;
using static Px.Pruning.Reporting.TextTable;

namespace Px.Pruning.Reporting;

/// <summary>Rows of cells as aligned text: words to the left, numbers to the right, rules below the header and above the totals.</summary>
/// <param name="words">How many columns, from the left, hold words.</param>
/// <param name="header">The first row.</param>
internal sealed class TextTable(int words, params string[] header)
{
    private const string Gap = "  ";

    private readonly List<string[]> rows = [header];
    private int totals = -1;

    /// <summary>Adds a row with as many cells as the header has.</summary>
    internal void Add(params string[] cells) => rows.Add(cells);

    /// <summary>What is added from now on stands below a second rule.</summary>
    internal void BeginTotals() => totals = rows.Count > 1 ? rows.Count : -1;

    /// <summary>The table, each line ended by <c>\n</c>.</summary>
    public override string ToString()
    {
        var widths = header.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        var rule = string.Join(Gap, widths.Select(width => new string('-', width))) + "\n";
        var text = new StringBuilder();
        for (var i = 0; i < rows.Count; i++)
        {
            if (i == 1 || i == totals) text.Append(rule);
            text.Append(string.Join(Gap, rows[i].Select((cell, column) => column < words ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>1,234; empty for an unknown number.</summary>
    internal static string Number(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "";

    /// <summary>12.34 %; empty for an unknown fraction.</summary>
    internal static string Percent(double? fraction) => fraction is { } known ? (100 * known).ToString("0.00", CultureInfo.InvariantCulture) + " %" : "";
}

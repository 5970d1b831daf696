using System.Globalization;
using System.Text;
using Px.Pruning.Analysis;
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

/// <summary>A comparison of masks as text.</summary>
internal static class ComparisonText
{
    public static string Write(MaskComparison comparison) =>
        "Overlap, |A ∩ B| / min(|A|, |B|):\n" + Matrix(comparison, pair => pair.Overlap)
        + "Overlap of independent random masks of the same layer densities:\n" + Matrix(comparison, pair => pair.ExpectedOverlap);

    public static string Csv(MaskComparison comparison) => ReportCsv.Lines(
        "first,second,parameter,total,first_kept,second_kept,common,overlap,jaccard,expected_overlap",
        from first in Enumerable.Range(0, comparison.Names.Count)
        from second in Enumerable.Range(first + 1, comparison.Names.Count - first - 1)
        from line in comparison.Parameters.Select(name => (Name: name, Pair: comparison[name, first, second])).Prepend((Name: "", Pair: comparison[first, second]))
        select Line(line.Name, line.Pair));

    private static FormattableString Line(string name, MaskPair pair) =>
        $"{ReportCsv.Quote(pair.First)},{ReportCsv.Quote(pair.Second)},{ReportCsv.Quote(name)},{pair.Total},{pair.FirstKept},{pair.SecondKept},{pair.Common},{pair.Overlap:R},{pair.Jaccard:R},{pair.ExpectedOverlap:R}";

    private static TextTable Matrix(MaskComparison comparison, Func<MaskPair, double> number)
    {
        var table = new TextTable(1, ["", .. comparison.Names]);
        for (int i = 0; i < comparison.Names.Count; i++)
            table.Add([comparison.Names[i], .. Enumerable.Range(0, comparison.Names.Count).Select(j => Percent(number(comparison[i, j])))]);
        return table;
    }
}

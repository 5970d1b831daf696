using Px.Pruning.Analysis;
using static Px.Pruning.Reporting.TextTable;

namespace Px.Pruning.Reporting;

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

using System.Text;
using Px.Pruning.Reporting;
using static Px.Pruning.Reporting.TextTable;

namespace Px.Pruning.Analysis;

// An analysis as an aligned table; columns that are unknown throughout are left out.
internal static class AnalysisTable
{
    internal static string Write(NetworkAnalysis analysis)
    {
        var table = new TextTable(2, Row(
            analysis, "layer", "type", "weights", "kept", "effective", "density", "effective", "units", "alive", "effective",
            "FLOPs", "kept", "effective"));
        foreach (var layer in analysis.Layers)
        {
            table.Add(Row(
                analysis, layer.Name, layer.Type, Number(layer.Total), Number(layer.Kept), Number(layer.Effective),
                Percent(layer.Density), Percent(layer.EffectiveDensity), Number(layer.Units), Number(layer.UnitsAlive),
                Number(layer.UnitsEffective), Number(layer.DenseFlops), Number(layer.Flops), Number(layer.EffectiveFlops)));
        }

        table.BeginTotals();
        table.Add(Row(
            analysis, "total", "", Number(analysis.Total), Number(analysis.Kept), Number(analysis.Effective),
            Percent(1 - analysis.Sparsity), Percent(1 - analysis.EffectiveSparsity), Number(analysis.Units), Number(analysis.UnitsAlive),
            Number(analysis.UnitsEffective), Number(analysis.DenseFlops), Number(analysis.Flops), Number(analysis.EffectiveFlops)));
        var text = new StringBuilder(Title(analysis)).Append("\n\n").Append(table).Append(Parameters(analysis));
        if (analysis.DenseFlops is not null)
        {
            text.Append(ReportTable.FlopsNote);
            text.Append("Fewer FLOPs alone save no time: libtorch multiplies by scattered zeros like by any number.\n");
        }

        if (analysis.DeadOutputs is { } dead)
            text.Append($"Outputs reached by a path: {Number(analysis.Outputs - dead.Count)} of {Number(analysis.Outputs)}.\n");
        return text.Append(analysis.Diagnosis).ToString();
    }

    internal static string Csv(NetworkAnalysis analysis) => ReportCsv.Lines(
        "layer,type,total,kept,effective,density,effective_density,units,units_alive,units_effective,inputs,inputs_alive,inputs_effective,"
        + "dense_flops,flops,effective_flops",
        analysis.Layers.Select(Line));

    private static FormattableString Line(LayerAnalysis layer)
    {
        FormattableString weights = $"{layer.Total},{layer.Kept},{layer.Effective},{layer.Density:R},{layer.EffectiveDensity:R}";
        FormattableString outputs = $"{layer.Units},{layer.UnitsAlive},{layer.UnitsEffective}";
        FormattableString inputs = $"{layer.Inputs},{layer.InputsAlive},{layer.InputsEffective}";
        FormattableString flops = $"{layer.DenseFlops},{layer.Flops},{layer.EffectiveFlops}";
        return $"{ReportCsv.Quote(layer.Name)},{ReportCsv.Quote(layer.Type)},{weights},{outputs},{inputs},{flops}";
    }

    private static string Title(NetworkAnalysis analysis) =>
        $"{Number(analysis.Kept)} of {Number(analysis.Total)} weights kept (sparsity {Percent(analysis.Sparsity)})"
        + (analysis.Effective is not { } effective ? ""
            : $", {Number(effective)} of them on a path from input to output (effective sparsity {Percent(analysis.EffectiveSparsity)})");

    private static string Parameters(NetworkAnalysis analysis) =>
        "Parameters, with biases and norm layers, which are never pruned: "
        + $"{Number(analysis.Parameters)}, kept {Number(analysis.ParametersKept)}"
        + (analysis.ParametersEffective is { } effective ? $", effective {Number(effective)}.\n" : ".\n");

    private static string[] Row(NetworkAnalysis analysis, params string[] cells)
    {
        bool hasFlops = analysis.DenseFlops is not null, hasPaths = hasFlops && analysis.Effective is not null;
        return [.. cells.Where((_, column) => (hasPaths || column is not (4 or 6 or 9 or 12)) && (hasFlops || column < 10))];
    }
}

internal static class ComparisonText
{
    internal static string Write(MaskComparison comparison) =>
        "Overlap, |A ∩ B| / min(|A|, |B|):\n" + Matrix(comparison, pair => pair.Overlap)
        + "Overlap of independent random masks of the same layer densities:\n" + Matrix(comparison, pair => pair.ExpectedOverlap);

    internal static string Csv(MaskComparison comparison) => ReportCsv.Lines(
        "first,second,parameter,total,first_kept,second_kept,common,overlap,jaccard,expected_overlap",
        from first in Enumerable.Range(0, comparison.Names.Count)
        from second in Enumerable.Range(first + 1, comparison.Names.Count - first - 1)
        from line in comparison.Parameters.Select(name => (Name: name, Pair: comparison[name, first, second]))
            .Prepend((Name: "", Pair: comparison[first, second]))
        select Line(line.Name, line.Pair));

    private static FormattableString Line(string name, MaskPair pair)
    {
        FormattableString counts = $"{pair.Total},{pair.FirstKept},{pair.SecondKept},{pair.Common}";
        FormattableString overlaps = $"{pair.Overlap:R},{pair.Jaccard:R},{pair.ExpectedOverlap:R}";
        return $"{ReportCsv.Quote(pair.First)},{ReportCsv.Quote(pair.Second)},{ReportCsv.Quote(name)},{counts},{overlaps}";
    }

    private static TextTable Matrix(MaskComparison comparison, Func<MaskPair, double> number)
    {
        var table = new TextTable(1, ["", .. comparison.Names]);
        for (int i = 0; i < comparison.Names.Count; i++)
            table.Add([comparison.Names[i], .. Enumerable.Range(0, comparison.Names.Count).Select(j => Percent(number(comparison[i, j])))]);
        return table;
    }
}

using System.Globalization;
using System.Text;
using Px.Pruning.Reporting;
using static Px.Pruning.Reporting.TextTable;

namespace Px.Pruning.Analysis;

// An analysis as an aligned table; columns that are unknown throughout are left out.
internal static class AnalysisTable
{
    public static string Write(NetworkAnalysis analysis)
    {
        bool hasFlops = analysis.DenseFlops is not null, hasPaths = analysis.Effective is not null;
        var table = new TextTable(2,
            Row(hasFlops, hasPaths, "layer", "type", "weights", "kept", "effective", "density", "effective", "units", "alive", "effective", "FLOPs", "kept", "effective"));
        foreach (var layer in analysis.Layers)
        {
            table.Add(Row(
                hasFlops, hasPaths, layer.Name, layer.Type, Number(layer.Total), Number(layer.Kept), Number(layer.Effective),
                Percent(layer.Density), Percent(layer.EffectiveDensity),
                Number(layer.Units), Number(layer.UnitsAlive), Number(layer.UnitsEffective), Number(layer.DenseFlops), Number(layer.Flops),
                Number(layer.EffectiveFlops)));
        }

        table.BeginTotals();
        table.Add(Row(
            hasFlops, hasPaths, "total", "", Number(analysis.Total), Number(analysis.Kept), Number(analysis.Effective),
            Percent(1 - analysis.Sparsity), Percent(1 - analysis.EffectiveSparsity),
            Number(analysis.Units), Number(analysis.UnitsAlive), Number(analysis.UnitsEffective), Number(analysis.DenseFlops),
            Number(analysis.Flops), Number(analysis.EffectiveFlops)));
        var text = new StringBuilder(Title(analysis)).Append("\n\n").Append(table).Append(Parameters(analysis));
        if (hasFlops) text.Append(ReportTable.FlopsNote)
            .Append("Fewer FLOPs alone save no time: libtorch multiplies by scattered zeros like by any number.\n");
        if (analysis.DeadOutputs is { } dead) text.Append($"Outputs reached by a path: {Number(analysis.Outputs - dead.Count)} of "
            + $"{Number(analysis.Outputs)}.\n");
        return text.Append(analysis.Diagnosis).ToString();
    }

    public static string Csv(NetworkAnalysis analysis) => ReportCsv.Lines(
        "layer,type,total,kept,effective,density,effective_density,units,units_alive,units_effective,inputs,inputs_alive,inputs_effective,dense_flops,flops,effective_flops",
        analysis.Layers.Select(layer => (FormattableString)
            $"{ReportCsv.Quote(layer.Name)},{ReportCsv.Quote(layer.Type)},{layer.Total},{layer.Kept},{layer.Effective},{layer.Density:R},{layer.EffectiveDensity:R},{layer.Units},{layer.UnitsAlive},{layer.UnitsEffective},{layer.Inputs},{layer.InputsAlive},{layer.InputsEffective},{layer.DenseFlops},{layer.Flops},{layer.EffectiveFlops}"));

    private static string Title(NetworkAnalysis analysis) =>
        $"{Number(analysis.Kept)} of {Number(analysis.Total)} weights kept (sparsity {Percent(analysis.Sparsity)})"
        + (analysis.Effective is { } effective
        ? $", {Number(effective)} of them on a path from input to output (effective sparsity {Percent(analysis.EffectiveSparsity)})" : "");

    private static string Parameters(NetworkAnalysis analysis) =>
        $"Parameters, with biases and norm layers, which are never pruned: {Number(analysis.Parameters)}, kept "
        + $"{Number(analysis.ParametersKept)}"
        + (analysis.ParametersEffective is { } effective ? $", effective {Number(effective)}.\n" : ".\n");

    private static string[] Row(
        bool hasFlops, bool hasPaths, string name, string type, string total, string kept, string effective, string density,
        string effectiveDensity,
        string units, string alive, string unitsEffective, string dense, string flops, string effectiveFlops) =>
        (hasFlops, hasPaths) switch
        {
            (true, true) => [name, type, total, kept, effective, density, effectiveDensity, units, alive, unitsEffective, dense, flops,
                effectiveFlops],
            (true, false) => [name, type, total, kept, density, units, alive, dense, flops],
            _ => [name, type, total, kept, density, units, alive],
        };
}

internal static class ComparisonText
{
    public static string Write(MaskComparison comparison) =>
        "Overlap, |A ∩ B| / min(|A|, |B|):\n" + Matrix(comparison, pair => pair.Overlap)
        + "Overlap of independent random masks of the same layer densities:\n" + Matrix(comparison, pair => pair.ExpectedOverlap);

    public static string Csv(MaskComparison comparison) => ReportCsv.Lines(
        "first,second,parameter,total,first_kept,second_kept,common,overlap,jaccard,expected_overlap",
        from first in Enumerable.Range(0, comparison.Names.Count)
        from second in Enumerable.Range(first + 1, comparison.Names.Count - first - 1)
        from line in comparison.Parameters.Select(name => (Name: name, Pair: comparison[name, first, second]))
            .Prepend((Name: "", Pair: comparison[first, second]))
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

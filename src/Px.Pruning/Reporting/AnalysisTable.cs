using System.Text;
using Px.Pruning.Analysis;
using static Px.Pruning.Reporting.TextTable;

namespace Px.Pruning.Reporting;

/// <summary>An analysis as an aligned table; columns that are unknown throughout are left out.</summary>
internal static class AnalysisTable
{
    public static string Write(NetworkAnalysis analysis)
    {
        bool hasFlops = analysis.DenseFlops is not null, hasPaths = analysis.Effective is not null;
        var table = new TextTable(2, Row(hasFlops, hasPaths, "layer", "type", "weights", "kept", "effective", "density", "effective", "units", "alive", "effective", "FLOPs", "kept", "effective"));
        foreach (var layer in analysis.Layers)
        {
            table.Add(Row(
                hasFlops, hasPaths, layer.Name, layer.Type, Number(layer.Total), Number(layer.Kept), Number(layer.Effective), Percent(layer.Density), Percent(layer.EffectiveDensity),
                Number(layer.Units), Number(layer.UnitsAlive), Number(layer.UnitsEffective), Number(layer.DenseFlops), Number(layer.Flops), Number(layer.EffectiveFlops)));
        }

        table.BeginTotals();
        table.Add(Row(
            hasFlops, hasPaths, "total", "", Number(analysis.Total), Number(analysis.Kept), Number(analysis.Effective), Percent(1 - analysis.Sparsity), Percent(1 - analysis.EffectiveSparsity),
            Number(analysis.Units), Number(analysis.UnitsAlive), Number(analysis.UnitsEffective), Number(analysis.DenseFlops), Number(analysis.Flops), Number(analysis.EffectiveFlops)));
        var text = new StringBuilder(Title(analysis)).Append("\n\n").Append(table).Append(Parameters(analysis));
        if (hasFlops) text.Append(ReportTable.FlopsNote).Append("Fewer FLOPs alone save no time: libtorch multiplies by scattered zeros like by any number.\n");
        if (analysis.DeadOutputs is { } dead) text.Append($"Outputs reached by a path: {Number(analysis.Outputs - dead.Count)} of {Number(analysis.Outputs)}.\n");
        return text.Append(analysis.Diagnosis).ToString();
    }

    private static string Title(NetworkAnalysis analysis) =>
        $"{Number(analysis.Kept)} of {Number(analysis.Total)} weights kept (sparsity {Percent(analysis.Sparsity)})"
        + (analysis.Effective is { } effective ? $", {Number(effective)} of them on a path from input to output (effective sparsity {Percent(analysis.EffectiveSparsity)})" : "");

    private static string Parameters(NetworkAnalysis analysis) =>
        $"Parameters, with biases and norm layers, which are never pruned: {Number(analysis.Parameters)}, kept {Number(analysis.ParametersKept)}"
        + (analysis.ParametersEffective is { } effective ? $", effective {Number(effective)}.\n" : ".\n");

    private static string[] Row(
        bool hasFlops, bool hasPaths, string name, string type, string total, string kept, string effective, string density, string effectiveDensity,
        string units, string alive, string unitsEffective, string dense, string flops, string effectiveFlops) =>
        (hasFlops, hasPaths) switch
        {
            (true, true) => [name, type, total, kept, effective, density, effectiveDensity, units, alive, unitsEffective, dense, flops, effectiveFlops],
            (true, false) => [name, type, total, kept, density, units, alive, dense, flops],
            _ => [name, type, total, kept, density, units, alive],
        };
}

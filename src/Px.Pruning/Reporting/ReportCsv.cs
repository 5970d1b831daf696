using System.Globalization;
using System.Text;
using Px.Pruning.Analysis;

namespace Px.Pruning.Reporting;

/// <summary>Reports as comma-separated values, RFC 4180 but for the line ends.</summary>
internal static class ReportCsv
{
    public static string Write(PruningReport report) => Lines(
        "layer,type,kept,total,density,units_alive,units,dense_flops,flops",
        report.Layers.Select(layer => (FormattableString)
            $"{Quote(layer.Name)},{Quote(layer.Type)},{layer.Kept},{layer.Total},{layer.Density:R},{layer.UnitsAlive},{layer.Units},{layer.DenseFlops},{layer.Flops}"));

    public static string Write(NetworkAnalysis analysis) => Lines(
        "layer,type,total,kept,effective,density,effective_density,units,units_alive,units_effective,inputs,inputs_alive,inputs_effective,dense_flops,flops,effective_flops",
        analysis.Layers.Select(layer => (FormattableString)
            $"{Quote(layer.Name)},{Quote(layer.Type)},{layer.Total},{layer.Kept},{layer.Effective},{layer.Density:R},{layer.EffectiveDensity:R},{layer.Units},{layer.UnitsAlive},{layer.UnitsEffective},{layer.Inputs},{layer.InputsAlive},{layer.InputsEffective},{layer.DenseFlops},{layer.Flops},{layer.EffectiveFlops}"));

    internal static string Lines(string header, IEnumerable<FormattableString> lines)
    {
        var csv = new StringBuilder(header).Append('\n');
        foreach (var line in lines) csv.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        return csv.ToString();
    }

    internal static string Quote(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

using System.Globalization;
using System.Text;

namespace Px.Pruning.Reporting;

/// <summary>A report as comma-separated values, RFC 4180 but for the line ends.</summary>
internal static class ReportCsv
{
    public static string Write(PruningReport report)
    {
        var csv = new StringBuilder("layer,type,kept,total,density,units_alive,units,dense_flops,flops\n");
        foreach (var layer in report.Layers)
            csv.Append(CultureInfo.InvariantCulture,
                $"{Quote(layer.Name)},{Quote(layer.Type)},{layer.Kept},{layer.Total},{layer.Density:R},"
                + $"{layer.UnitsAlive},{layer.Units},{layer.DenseFlops},{layer.Flops}\n");
        return csv.ToString();
    }

    private static string Quote(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

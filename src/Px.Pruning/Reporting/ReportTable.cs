using System.Globalization;
using System.Text;

namespace Px.Pruning.Reporting;

/// <summary>A report as an aligned table.</summary>
internal static class ReportTable
{
    private const string Gap = "  ";

    public static string Write(PruningReport report)
    {
        var hasFlops = report.DenseFlops is not null;
        List<string[]> rows = [Header(hasFlops), .. report.Layers.Select(layer => Row(layer, hasFlops))];
        var layerRows = rows.Count;
        if (report.OtherFlops > 0 && hasFlops) rows.Add(["not pruned", "", "", "", "", "", N(report.OtherFlops), N(report.OtherFlops)]);
        rows.Add(Totals(report, hasFlops));

        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var rule = string.Join(Gap, widths.Select(width => new string('-', width))) + "\n";
        var text = new StringBuilder(Title(report)).Append("\n\n");
        for (var i = 0; i < rows.Count; i++)
        {
            if (i == 1 || i == layerRows && layerRows > 1) text.Append(rule);
            text.Append(Line(rows[i], widths)).Append('\n');
        }
        if (hasFlops) text.Append("FLOPs: one sample, a multiply-add counts as 2; biases, normalisation and activations are not counted.\n");
        return text.Append(Collapsed(report)).Append(Connected(report)).ToString();
    }

    private static string[] Header(bool hasFlops) =>
        ["layer", "type", "kept", "total", "density", "units alive", .. (string[])(hasFlops ? ["FLOPs", "of dense"] : [])];

    private static string[] Row(LayerReport layer, bool hasFlops) =>
    [
        layer.Name, layer.Type, N(layer.Kept), N(layer.Total), Percent(layer.Density), Units(layer.UnitsAlive, layer.Units),
        .. (string[])(hasFlops ? [N(layer.Flops), N(layer.DenseFlops)] : []),
    ];

    private static string[] Totals(PruningReport report, bool hasFlops) =>
    [
        "total", "", N(report.Kept), N(report.Total), Percent(report.Density), Units(report.UnitsAlive, report.Units),
        .. (string[])(hasFlops ? [N(report.Flops), N(report.DenseFlops)] : []),
    ];

    private static string Title(PruningReport report)
    {
        var ratio = report.CompressionRatio;
        var smaller = double.IsFinite(ratio) ? ratio.ToString("#,0.##", CultureInfo.InvariantCulture) + "x smaller" : "nothing is left";
        return $"{report.Method}: {N(report.Kept)} of {N(report.Total)} weights kept (sparsity {Percent(report.Sparsity)}, {smaller})";
    }

    private static string Collapsed(PruningReport report) => report.CollapsedLayers.Count switch
    {
        0 => "No layer collapsed.\n",
        1 => $"1 layer collapsed, no weight is left in it: {report.CollapsedLayers[0]}\n",
        var count => $"{count} layers collapsed, no weight is left in them: {string.Join(", ", report.CollapsedLayers)}\n",
    };

    private static string Connected(PruningReport report) => report.OutputsReached switch
    {
        null => "",
        0 => $"Input and output are NOT connected: 0 of {N(report.Outputs)} outputs reached, the network answers the same to every input. "
            + "Prune less, in more rounds, or with a minimum for every layer: PruningScope.WithMinimumDensity.\n",
        var reached => $"Input and output are still connected: {N(reached)} of {N(report.Outputs)} outputs reached.\n",
    };

    /// <summary>Words to the left, numbers to the right.</summary>
    private static string Line(string[] cells, int[] widths) =>
        string.Join(Gap, cells.Select((cell, column) => column < 2 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd();

    private static string N(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "";

    private static string Units(long alive, long all) => $"{N(alive)} / {N(all)}";

    private static string Percent(double fraction) => (100 * fraction).ToString("0.00", CultureInfo.InvariantCulture) + " %";
}

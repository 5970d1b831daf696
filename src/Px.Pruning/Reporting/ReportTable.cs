using System.Globalization;
using System.Text;

namespace Px.Pruning.Reporting;

internal static class ReportTable
{
    internal const string FlopsNote =
        "FLOPs: one sample, a multiply-add counts as 2; biases, normalisation and activations are not counted.\n";

    internal static string Write(PruningReport report)
    {
        var hasFlops = report.DenseFlops is not null;
        var hasPattern = report.Layers.Any(layer => layer.Pattern is not null);
        var table = new TextTable(2, [
            "layer", "type", "kept", "total", "density", .. If(hasPattern, "pattern"), "units alive",
            .. If(hasFlops, "FLOPs", "of dense")]);
        foreach (var layer in report.Layers)
        {
            table.Add([
                layer.Name, layer.Type, N(layer.Kept), N(layer.Total), TextTable.Percent(layer.Density),
                .. If(hasPattern, layer.Pattern ?? ""), Units(layer.UnitsAlive, layer.Units),
                .. If(hasFlops, N(layer.Flops), N(layer.DenseFlops))]);
        }

        table.BeginTotals();
        if (report.OtherFlops > 0 && hasFlops)
            table.Add(["not pruned", "", "", "", "", .. If(hasPattern, ""), "", N(report.OtherFlops), N(report.OtherFlops)]);
        table.Add([
            "total", "", N(report.Kept), N(report.Total), TextTable.Percent(report.Density), .. If(hasPattern, ""),
            Units(report.UnitsAlive, report.Units), .. If(hasFlops, N(report.Flops), N(report.DenseFlops))]);
        var text = new StringBuilder(Title(report)).Append("\n\n").Append(table);
        if (hasFlops) text.Append(FlopsNote);
        return text.Append(Collapsed(report)).Append(Connected(report)).Append(Notes(report)).ToString();
    }

    private static string[] If(bool shown, params string[] cells) => shown ? cells : [];

    private static string Title(PruningReport report)
    {
        var ratio = (double)report.Parameters / report.ParametersKept;
        var smaller = report.Kept > 0 || report.Total == 0
            ? ratio.ToString("#,0.##", CultureInfo.InvariantCulture) + "x smaller"
            : "nothing is left";
        string sparsity = TextTable.Percent(report.Sparsity);
        return $"{report.Method}: {N(report.Kept)} of {N(report.Total)} weights kept (sparsity {sparsity}, {smaller})";
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
        0 => $"Input and output are NOT connected: 0 of {N(report.Outputs)} outputs reached, {report.Facts.Cut}. "
            + "Prune less, in more rounds, or with a minimum for every layer: PruningScope.WithMinimumDensity.\n",
        var reached => $"Input and output are still connected: {N(reached)} of {N(report.Outputs)} outputs reached.\n",
    };

    private static string Notes(PruningReport report)
    {
        var text = new StringBuilder();
        if (report.KeptWithoutScore > 0)
        {
            text.Append(N(report.KeptWithoutScore))
                .Append(" of the kept weights scored 0 in the last round, as did others that it removed: their size alone decided.\n");
        }

        if (report.GateWeights.Count > 0)
        {
            text.Append("Kept and not ranked, since they feed only gates, on which no path lies: ").Append(List(report.GateWeights))
                .Append(".\n");
        }

        if (report.UnusedLayers.Count > 0)
        {
            text.Append("Kept and not ranked, since the output does not depend on them in evaluation mode: ")
                .Append(List(report.UnusedLayers))
                .Append(". ParameterSelection.IncludingUnused ranks them too.\n");
        }

        if (report.Untouched.Count > 0)
        {
            long untouched = report.Untouched.Sum(layer => layer.Total);
            text.Append(CultureInfo.InvariantCulture,
                    $"Not pruned, since they are no weights of convolutions or linear layers, are {N(untouched)} of the model's "
                    + $"{N(report.Parameters)} parameters: ")
                .Append(List(report.Untouched))
                .Append(". ParameterSelection.Including adds such parameters for methods that follow no paths.\n");
        }

        if (report.Facts.UnseenNote is { } note) text.Append(note).Append('\n');
        return text.ToString();
    }

    private static string List(IReadOnlyList<LayerReport> layers)
    {
        const int listed = 10;
        string names = string.Join(", ", layers.Take(listed).Select(layer => $"{layer.Name} ({layer.Type}, {N(layer.Total)})"));
        return layers.Count > listed ? $"{names} and {N(layers.Count - listed)} more" : names;
    }

    private static string N(long? number) => TextTable.Number(number);

    private static string Units(long alive, long all) => all == 0 ? "" : $"{N(alive)} / {N(all)}";
}

// Reports as comma-separated values: RFC 4180, except that lines end in \n.
internal static class ReportCsv
{
    internal static string Write(PruningReport report) => Lines(
        "layer,type,kept,total,density,units_alive,units,dense_flops,flops",
        report.Layers.Select(l => (FormattableString)
            $"{Quote(l.Name)},{Quote(l.Type)},{l.Kept},{l.Total},{l.Density:R},{l.UnitsAlive},{l.Units},{l.DenseFlops},{l.Flops}"));

    internal static string Lines(string header, IEnumerable<FormattableString> lines)
    {
        var csv = new StringBuilder(header).Append('\n');
        foreach (var line in lines) csv.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        return csv.ToString();
    }

    internal static string Quote(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

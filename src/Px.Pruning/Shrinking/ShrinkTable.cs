using System.Globalization;
using System.Text;
using Px.Pruning.Reporting;

namespace Px.Pruning.Shrinking;

internal static class ShrinkTable
{
    internal static string Write(ShrinkResult result)
    {
        var text = new StringBuilder();
        if (result.IsConstant)
        {
            text.Append("THE NETWORK IS CONSTANT: it answers the same to every input, so that its size and speed are worth nothing. Prune "
                + "less, in more rounds, or with a minimum for every layer: PruningScope.WithMinimumDensity.\n");
        }

        string parameters = Percent(result.Parameters, result.ParametersBefore), flops = Percent(result.Flops, result.FlopsBefore);
        text.Append(CultureInfo.InvariantCulture, $"Parameters {result.ParametersBefore:N0} -> {result.Parameters:N0} ({parameters} %), ");
        text.Append(CultureInfo.InvariantCulture, $"FLOPs of one sample {result.FlopsBefore:N0} -> {result.Flops:N0} ({flops} %)\n");
        text.Append(CultureInfo.InvariantCulture, $"Outputs differ by {result.Difference:0.0e+0} of the largest in float64, ");
        text.Append(CultureInfo.InvariantCulture, $"by {result.OwnDifference:0.0e+0} in the model's own type.\n");
        if (result.Latency is { } latency) text.Append(latency).Append('\n');
        text.Append("Only the channels that are gone make it faster: libtorch multiplies by the zeros that remain like by any number.\n\n");
        AppendLayers(text, [.. result.Layers.Where(layer => layer.Inputs < layer.InputsBefore || layer.Outputs < layer.OutputsBefore)]);
        foreach (var reason in result.Unremoved.GroupBy(channels => channels.Reason))
        {
            var layers = reason.Select(layer => string.Create(
                CultureInfo.InvariantCulture, $"{layer.Channels} of {(layer.Layer.Length == 0 ? "the model" : layer.Layer)}"));
            text.Append($"Dead channels that stay, since {reason.Key}: ").AppendJoin(", ", layers).Append(".\n");
        }

        return text.ToString();
    }

    private static void AppendLayers(StringBuilder text, List<ShrunkLayer> layers)
    {
        if (layers.Count == 0)
        {
            text.Append("No layer lost a channel.\n");
            return;
        }

        var table = new TextTable(2, "layer", "type", "inputs", "outputs");
        foreach (var layer in layers)
            table.Add(layer.Name, layer.Type, Change(layer.InputsBefore, layer.Inputs), Change(layer.OutputsBefore, layer.Outputs));
        text.Append(table);
    }

    private static string Change(int before, int after) =>
        before == after ? before.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{before} -> {after}");

    private static string Percent(long part, long whole) =>
        (whole == 0 ? 100 : 100.0 * part / whole).ToString("0.0", CultureInfo.InvariantCulture);
}

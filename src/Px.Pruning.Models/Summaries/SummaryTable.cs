using System.Globalization;
using System.Text;

namespace Px.Pruning.Models.Summaries;

// A summary as an aligned table.
internal static class SummaryTable
{
    private const string Gap = "  ";

    internal static string Write(ModelSummary summary)
    {
        string[][] rows =
        [
            ["layer", "kind", "output", "parameters", "FLOPs"],
            .. summary.Layers.Select(layer =>
            (string[])[layer.Name, layer.Kind, Shape(layer.OutputShape), N(layer.Parameters), N(layer.Flops)]),
            ["total", "", "", N(summary.Parameters), N(summary.Flops)],
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var rule = string.Join(Gap, widths.Select(width => new string('-', width))) + "\n";
        var text = new StringBuilder($"{summary.Name}: {N(summary.Parameters)} parameters, {N(summary.Flops)} FLOPs for one sample of "
            + $"{Shape(summary.InputShape)}\n\n");
        for (var i = 0; i < rows.Length; i++)
        {
            if (i == 1 || i == rows.Length - 1)
                text.Append(rule);
            text.Append(Line(rows[i], widths)).Append('\n');
        }

        return text.Append("FLOPs: a multiply-add counts as 2; biases, normalisation, activations and pooling are not counted.\n")
            .ToString();
    }

    // Words to the left, numbers to the right.
    private static string Line(string[] cells, int[] widths) =>
        string.Join(Gap, cells.Select((cell, column) => column < 2 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])))
            .TrimEnd();

    private static string Shape(IReadOnlyList<long>? sizes) => sizes is null ? "" : string.Join(" x ", sizes);

    private static string N(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

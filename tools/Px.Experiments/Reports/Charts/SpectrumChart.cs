using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Charts;

/// <summary>The paper's Figure 5, a small chart a method: eigenvalues by rank on a logarithmic scale, before those of the dense network.</summary>
public static class SpectrumChart
{
    private const double Height = 120;
    private const int DrawnRanks = 50, NamedRanks = 6;

    /// <param name="series">The method.</param>
    /// <param name="spectrum">Its eigenvalues, descending.</param>
    /// <param name="dense">Those of the dense network, or none.</param>
    /// <param name="scale">A scale that all charts of a sparsity share.</param>
    public static Markup ToMarkup(Series series, IReadOnlyList<double> spectrum, IReadOnlyList<double> dense, Scale scale)
    {
        var last = Math.Max(1, Math.Max(spectrum.Count, dense.Count) - 1);
        var label = $"{series.Label}: eigenvalues of the Neural Tangent Kernel by rank, dense and pruned";
        Markup[] paths = [Line("s-dense", dense), Markup.Of($"<g {series.Attributes}>{Line("", spectrum)}</g>")];
        return Markup.Of(
            $"""
            <figure class="mini" data-s="{series.Variant.Method}"><figcaption>{series.Chip}</figcaption>
            <svg class="plot spectrum" style="height:{Height}px" role="group" aria-label="{label}">{Plot.Horizontals(scale, Height)}{Plot.Stretched(Height, paths)}
            <g {series.Attributes}>{Ranks(spectrum.Count, NamedRanks).Where(rank => spectrum[rank] > 0).Select(Point)}</g></svg></figure>

            """);

        Markup Line(string name, IReadOnlyList<double> values) =>
            Markup.Of($"<path class=\"{name}\" d=\"{Plot.Path(Ranks(values.Count, DrawnRanks).Where(rank => values[rank] > 0).Select(rank => (X(rank), scale.At(values[rank]))), Height)}\"/>");

        Markup Point(int rank)
        {
            var beside = rank < dense.Count && dense[rank] > 0 ? $", dense {Words.Number(dense[rank])}" : "";
            return Markup.Of($"<circle class=\"pt\" cx=\"{100 * X(rank)}%\" cy=\"{Plot.Y(scale.At(spectrum[rank]), Height)}\" r=\"2.5\"><title>{series.Label}, eigenvalue {rank + 1} of {spectrum.Count}: {Words.Number(spectrum[rank])}{beside}</title></circle>");
        }

        double X(int rank) => (double)rank / last;
    }

    /// <summary>As many ranks as are drawn, the first and the last among them.</summary>
    private static IEnumerable<int> Ranks(int count, int most) =>
        count <= most ? Enumerable.Range(0, count) : Enumerable.Range(0, most).Select(i => (int)Math.Round((double)i * (count - 1) / (most - 1)));
}

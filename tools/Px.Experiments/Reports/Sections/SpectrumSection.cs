using Px.Experiments.Reports.Charts;
using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Tables;
using Px.Experiments.Results;

namespace Px.Experiments.Reports.Sections;

/// <summary>The paper's Figure 5: spectra of the Neural Tangent Kernel, and a bound beside the trace.</summary>
public static class SpectrumSection
{
    public static Section? Build(ResultSet results) => Section.OfStudies(
        "spectra", "Spectra of the Neural Tangent Kernel",
        Markup.Of($"<p class=\"hint\">Eigenvalues by rank at the initial weights, on a logarithmic scale: the method's in colour before the dense network's in grey; geometric means over seeds.</p>\n"),
        results, Build);

    private static (Markup, IReadOnlyList<DataTable>)? Build(Study study)
    {
        var known = study.Groups.Where(group => Spectra(group).Count > 0).ToList();
        if (known.Count == 0)
            return null;
        var dense = known.Find(group => group == study.Dense);
        var charts = known.Where(group => group != dense).GroupBy(group => group.Sparsity).OrderByDescending(sparsity => sparsity.Key).Select((sparsity, i) => Charts(sparsity.Key, [.. sparsity], dense, isOpen: i == 0));
        var (table, values) = (Table(study, known, dense), Values(study, known));
        return (Markup.Of($"{charts}{Section.Folded("Traces, bounds, distances", table)}"), [table, values]);
    }

    private static Markup Charts(double sparsity, List<Group> groups, Group? dense, bool isOpen)
    {
        var reference = dense is null ? [] : Mean(dense);
        var spectra = groups.Select(group => (group.Series, Values: Mean(group))).ToList();
        var positive = spectra.SelectMany(spectrum => spectrum.Values).Concat(reference).Where(value => value > 0).DefaultIfEmpty(1).ToList();
        // What is sixteen powers of ten below the largest is rounding.
        var scale = Scale.Log(Math.Max(positive.Min(), positive.Max() * 1e-16), positive.Max(), most: 4);
        return Markup.Of($"<details{Markup.Trusted(isOpen ? " open" : "")}><summary>Eigenvalues, {Words.Share(sparsity)} removed</summary>\n<div class=\"minis\">{spectra.Select(spectrum => SpectrumChart.ToMarkup(spectrum.Series, spectrum.Values, reference, scale))}</div></details>\n");
    }

    private static DataTable Table(Study study, List<Group> groups, Group? dense)
    {
        var table = new DataTable(
            study, "spectra", "Trace, the upper bound on it that PX prunes by, and the distance to the dense network: the root mean square over ranks of log₁₀(λ of sparse / λ of dense), in powers of ten, each λ counted as at least 10⁻⁶ of the largest; means over seeds",
            Column.OfText("Method", "method"), new("Removed", "sparsity"), new("Trace", "trace"), new("Bound", "bound"), new("Bound / trace", "bound_over_trace"), new("Largest", "largest"),
            new("Smallest", "smallest"), new("Distance to dense", "distance_to_dense"), Column.OfText("Bound may be too low for", "bound_exceptions") with { IsFolded = true });
        foreach (var group in groups)
        {
            var spectra = Spectra(group);
            var bounds = spectra.Select(found => found.Spectrum.Bound).ToList();
            var bound = bounds.TrueForAll(value => value is not null) ? bounds.Average() : null;
            var trace = spectra.Average(found => found.Spectrum.Eigenvalues.Sum());
            table.Add(
                group.Series, DataCell.Of(group.Sparsity, Words.Share), DataCell.Of(trace, Words.Number), DataCell.Of(bound, Words.Number), DataCell.Of(bound / trace, Words.Number),
                DataCell.Of(spectra.Average(found => found.Spectrum.Eigenvalues[0]), Words.Number), DataCell.Of(spectra.Average(found => found.Spectrum.Eigenvalues[^1]), Words.Number),
                DataCell.Of(dense is null || group == dense ? null : Distance(spectra, Spectra(dense)), Words.Number),
                string.Join(", ", spectra.SelectMany(found => found.Spectrum.BoundExceptions).Distinct()));
        }

        return table;
    }

    private static DataTable Values(Study study, List<Group> groups)
    {
        var table = new DataTable(study, "eigenvalues", "Eigenvalues", Column.OfText("Method", "method"), new("Removed", "sparsity"), new("Seed", "seed"), new("Rank", "rank"), new("Eigenvalue", "eigenvalue"));
        foreach (var group in groups)
        {
            foreach (var (seed, spectrum) in Spectra(group))
            {
                for (var rank = 0; rank < spectrum.Eigenvalues.Count; rank++)
                    table.Add(group.Series, DataCell.Of(group.Sparsity, Words.Share), seed, rank + 1, DataCell.Of(spectrum.Eigenvalues[rank], Words.Number));
            }
        }

        return table;
    }

    private static List<(int Seed, SpectrumResult Spectrum)> Spectra(Group group) =>
        [.. group.All.Where(found => found.Result.Spectrum is { Eigenvalues.Count: > 0 }).DistinctBy(found => found.Result.Cell.Seed).Select(found => (found.Result.Cell.Seed, found.Result.Spectrum!))];

    private static List<double> Mean(Group group)
    {
        var spectra = Spectra(group).ConvertAll(found => found.Spectrum.Eigenvalues);
        return [.. Enumerable.Range(0, spectra.Min(spectrum => spectrum.Count)).Select(rank => spectra.All(spectrum => spectrum[rank] > 0) ? Math.Exp(spectra.Average(spectrum => Math.Log(spectrum[rank]))) : 0)];
    }

    // As NtkSpectrum.DistanceTo: what is below a millionth of the largest is noise in single precision.
    private static double Distance(IReadOnlyList<double> sparse, IReadOnlyList<double> dense)
    {
        var floor = 1e-6 * Math.Max(sparse[0], dense[0]);
        return floor > 0 ? Math.Sqrt(sparse.Zip(dense).Average(pair => Math.Pow(Math.Log10(Math.Max(pair.First, floor) / Math.Max(pair.Second, floor)), 2))) : 0;
    }

    private static double? Distance(List<(int Seed, SpectrumResult Spectrum)> sparse, List<(int Seed, SpectrumResult Spectrum)> dense)
    {
        var distances = (from a in sparse
                         join b in dense on a.Seed equals b.Seed
                         select Distance(a.Spectrum.Eigenvalues, b.Spectrum.Eigenvalues)).ToList();
        return distances.Count == 0 ? null : distances.Average();
    }
}

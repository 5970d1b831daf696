using Px.Experiments.Reports.Html;
using Px.Experiments.Statistics;

namespace Px.Experiments.Comparisons;

/// <summary>Two networks, each over its seeds.</summary>
/// <param name="Name">What both are.</param>
/// <param name="A">The measure of the first, by seed.</param>
/// <param name="B">The measure of the second, by seed.</param>
public sealed record ComparedRow(string Name, IReadOnlyDictionary<int, double> A, IReadOnlyDictionary<int, double> B)
{
    /// <summary>The second less the first, over common seeds; null where there are none.</summary>
    public PairedDifference? Difference { get; } = PairedDifference.Between(B, A);

    /// <summary>More about the two, a cell a column; empty for none.</summary>
    public IReadOnlyList<string> More { get; init; } = [];

    /// <summary>The row of a table.</summary>
    public string[] Cells =>
    [
        Name, A.Count == B.Count && Difference?.Count == A.Count ? Words.Count(A.Count) : $"{Words.Count(A.Count)}, {Words.Count(B.Count)}", Mean(A), Mean(B),
        Difference is null ? "-" : Words.Points(Difference.Mean, Difference.Deviation), Difference?.Deviation is null ? "-" : Difference.ExceedsSpread ? "yes" : "no", .. More,
    ];

    private static string Mean(IReadOnlyDictionary<int, double> values) => new Sample(values.OrderBy(pair => pair.Key).Select(pair => pair.Value)) is var sample ? Words.Percent(sample.Mean, sample.Deviation) : "";
}

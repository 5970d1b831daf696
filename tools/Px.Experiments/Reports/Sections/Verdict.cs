using Px.Experiments.Reports.Html;
using Px.Experiments.Statistics;

namespace Px.Experiments.Reports.Sections;

/// <summary>Whether differences between methods can be told from chance, in a sentence.</summary>
public static class Verdict
{
    private const double Level = 0.05;
    private const int Most = 3;

    public static string Of(IReadOnlyList<Comparison> compared)
    {
        var seeds = compared.SelectMany(comparison => comparison.Pairs).Select(pair => pair.Difference.Count).DefaultIfEmpty(0).Max();
        if (seeds == 0)
            return "No two methods were run with the same seed: they cannot be compared seed by seed.";
        if (seeds == 1)
            return "There is one seed: how far the numbers spread is not known, and no difference can be told from chance.";
        var pairs = compared.Max(comparison => comparison.Pairs.Count);
        if (SignFlipTest.Least(seeds) * pairs > Level)
        {
            return seeds == 2
                ? "With two seeds nothing here can be significant: the exact test of flipped signs cannot give a p below 0.5."
                : $"Nothing here can be significant: with {seeds} seeds the exact test of flipped signs cannot give a p below {Words.Number(SignFlipTest.Least(seeds))}, and it would have to be {Words.Number(Level / pairs)} for {Words.Count(pairs, "comparison")}.";
        }

        // Of two that guess none is ahead.
        var found = (from comparison in compared
                     from pair in comparison.Pairs
                     where pair.CorrectedP <= Level && !(comparison.Study.IsAtChance(pair.A) && comparison.Study.IsAtChance(pair.B))
                     orderby comparison.Sparsity descending, Math.Abs(pair.Difference.Mean) descending
                     select (comparison.Sparsity, pair.A, pair.B, pair.Difference.Mean)).ToList();
        var test = $"by the exact test of flipped signs, corrected for {Words.Count(pairs, "comparison")} at each sparsity (Holm)";
        return found.Count == 0
            ? $"No difference is significant {test}."
            : $"{Words.Count(found.Count)} of {Words.Count(compared.Sum(comparison => comparison.Pairs.Count), "difference")} {(found.Count == 1 ? "is" : "are")} significant at 5 % {test}, "
                + $"the largest at the highest sparsity first: {string.Join("; ", found.Take(Most).Select(pair => Pair(pair.Sparsity, pair.A, pair.B, pair.Mean)))}{(found.Count > Most ? "; …" : "")}.";
    }

    private static string Pair(double sparsity, Group a, Group b, double mean) =>
        $"{(mean > 0 ? a : b).Series.Label} before {(mean > 0 ? b : a).Series.Label} by {Words.Distance(mean)} points at {Words.Share(sparsity)}";
}

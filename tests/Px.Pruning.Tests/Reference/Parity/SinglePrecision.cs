using System.Globalization;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>How far float32 scores lie from exact ones, over all layers.</summary>
/// <param name="Median">Of the relative errors.</param>
/// <param name="OfLargest">The median of the errors relative to the layer's largest score.</param>
/// <param name="FarOff">The fraction of scores that are off by more than <see cref="Tolerance.FarOff"/>.</param>
internal sealed record SinglePrecision(double Median, double OfLargest, double FarOff)
{
    /// <summary>Against the oracle's listed scores.</summary>
    public static SinglePrecision Of(Func<string, double[]> found, GoldenScores expected, ScoreFamily family) => Of(
        family,
        expected.Layers.Select(layer =>
        {
            var values = found(layer.Name);
            return (layer.Max, layer.Indices.Zip(layer.Values, (index, value) => (Found: values[index], Exact: value)));
        }));

    /// <summary>Against all scores of another computation.</summary>
    public static SinglePrecision Of(Func<string, double[]> found, IReadOnlyDictionary<string, double[]> exact, ScoreFamily family) => Of(
        family, exact.Select(layer => (layer.Value.Max(Math.Abs), found(layer.Key).Zip(layer.Value, (value, other) => (value, other)))));

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"median {Median:E1}, of the largest {OfLargest:E1}, far off {FarOff:P1}");

    private static SinglePrecision Of(ScoreFamily family, IEnumerable<(double Max, IEnumerable<(double Found, double Exact)> Scores)> layers)
    {
        var (relative, ofLargest, farOff) = (new List<double>(), new List<double>(), 0);
        foreach (var (max, scores) in layers)
        {
            foreach (var (found, exact) in scores)
            {
                var error = Math.Abs(found - exact);
                ofLargest.Add(error / max);
                // Scores of exactly 0, mostly of pruned weights, have no relative error.
                if (exact != 0) relative.Add(error / Math.Abs(exact));
                if (!(error <= Tolerance.FarOff * (family == ScoreFamily.PathSum ? Math.Abs(exact) : max))) farOff++;
            }
        }

        return new(Middle(relative), Middle(ofLargest), farOff / (double)ofLargest.Count);
    }

    private static double Middle(List<double> values) => values.Order().ElementAt(values.Count / 2);
}

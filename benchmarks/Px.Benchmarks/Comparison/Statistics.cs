using System.Globalization;

namespace Px.Benchmarks.Comparison;

/// <summary>From runs to numbers, and from numbers to text.</summary>
internal static class Statistics
{
    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The slope of the least-squares line through (ln x, ln y).</summary>
    internal static double Exponent(IReadOnlyList<(double X, double Y)> points)
    {
        double meanX = points.Average(point => Math.Log(point.X)), meanY = points.Average(point => Math.Log(point.Y));
        double covariance = points.Sum(point => (Math.Log(point.X) - meanX) * (Math.Log(point.Y) - meanY));
        return covariance / points.Sum(point => Math.Pow(Math.Log(point.X) - meanX, 2));
    }

    internal static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>Three significant digits.</summary>
    internal static string Seconds(double value) => Number(value, value < 0.1 ? "F4" : value < 10 ? "F3" : "F1");

    internal static string Verdict(double ratio, double target) => ratio <= target ? "ok" : "OVER";

    /// <summary>Five cells: median, lowest and highest ratio, the target, and whether the median meets it; without a target no verdict.</summary>
    internal static string[] Ratios(IReadOnlyCollection<double> ratios, double? target)
    {
        double ratio = Median(ratios);
        string[] spread = [Number(ratio, "F2"), Number(ratios.Min(), "F2"), Number(ratios.Max(), "F2")];
        return target is { } most ? [.. spread, Number(most, "F2"), Verdict(ratio, most)] : [.. spread, "-", ""];
    }
}

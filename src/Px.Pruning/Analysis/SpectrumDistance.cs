namespace Px.Pruning.Analysis;

/// <summary>Distances between two lists of non-negative numbers, the largest first, as distributions.</summary>
internal static class SpectrumDistance
{
    // Below this share of the largest eigenvalue a spectrum of single precision is noise.
    private const double Floor = 1e-6;

    internal static double InDecades(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        double floor = Floor * Math.Max(a[0], b[0]);
        if (floor == 0) return 0;
        return Math.Sqrt(Integrate(a, b, (x, y) => Math.Pow(Math.Log10(Math.Max(x, floor) / Math.Max(y, floor)), 2)));
    }

    internal static double OfShapes(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        double meanA = Divisor(a), meanB = Divisor(b);
        return Integrate(a, b, (x, y) => Math.Abs(x / meanA - y / meanB));
    }

    private static double Divisor(IReadOnlyList<double> values) => values[0] == 0 ? 1 : values.Average();

    /// <summary>∫₀¹ cost(Qa(t), Qb(t)) dt over both quantile functions, which are steps; the mean over pairs where the lengths are equal.</summary>
    private static double Integrate(IReadOnlyList<double> a, IReadOnlyList<double> b, Func<double, double, double> cost)
    {
        long end = (long)a.Count * b.Count; // t in units of 1 / end
        double sum = 0;
        int i = 0, j = 0;
        for (long at = 0; at < end;)
        {
            long stepA = (i + 1L) * b.Count, stepB = (j + 1L) * a.Count, next = Math.Min(stepA, stepB);
            sum += (next - at) * cost(a[i], b[j]);
            if (next == stepA) i++;
            if (next == stepB) j++;
            at = next;
        }

        return sum / end;
    }
}

namespace Px.Experiments.Statistics;

/// <summary>
/// The sign-flip (permutation) test of paired differences: were there no difference, each would as likely have had the other sign. p is
/// the fraction of all 2ⁿ choices of signs whose mean is at least as far from zero. It assumes no distribution, and is exact.
/// </summary>
/// <remarks><b>Law:</b> with n pairs no p is below <see cref="Least"/> = 2¹⁻ⁿ: two seeds cannot show anything, nor can five at 5 %.</remarks>
public static class SignFlipTest
{
    private const int MostExact = 16, Draws = 1 << MostExact;

    /// <summary>The p value of n differences, two-sided, in (0, 1]. For more than 16 from 65,536 choices drawn with a fixed seed.</summary>
    public static double P(IReadOnlyList<double> differences)
    {
        var observed = Math.Abs(differences.Sum());
        // Rounding must not tell a choice of signs from its mirror image.
        var limit = observed - (1e-12 * differences.Sum(Math.Abs));
        if (differences.Count <= MostExact)
        {
            var choices = 1L << differences.Count;
            return (double)Count(choices, limit, differences, (choice, i) => (choice >> i & 1) == 0) / choices;
        }

        var random = new Random(0);
        return (1.0 + Count(Draws, limit, differences, (_, _) => random.Next(2) == 0)) / (1 + Draws);
    }

    /// <summary>The smallest p that n pairs can give.</summary>
    public static double Least(int n) => Math.Pow(2, 1 - n);

    /// <summary>The p values corrected for their number by Holm's method, in the same order: the chance of a single false alarm among all stays below a limit that each is held to.</summary>
    /// <remarks><b>Source:</b> S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979.</remarks>
    public static IReadOnlyList<double> Holm(IReadOnlyList<double> p)
    {
        var corrected = new double[p.Count];
        var (largest, rank) = (0.0, 0);
        foreach (var index in Enumerable.Range(0, p.Count).OrderBy(index => p[index]))
        {
            largest = Math.Max(largest, Math.Min(1, p[index] * (p.Count - rank++)));
            corrected[index] = largest;
        }

        return corrected;
    }

    private static long Count(long choices, double limit, IReadOnlyList<double> differences, Func<long, int, bool> isFlipped)
    {
        var count = 0L;
        for (var choice = 0L; choice < choices; choice++)
        {
            var sum = 0.0;
            for (var i = 0; i < differences.Count; i++)
                sum += isFlipped(choice, i) ? -differences[i] : differences[i];
            count += Math.Abs(sum) >= limit ? 1 : 0;
        }

        return count;
    }
}

namespace Px.Experiments.Statistics;

/// <summary>What one network does better than another, seed by seed: both saw the same data in the same order, so what a seed does to both cancels.</summary>
public sealed class PairedDifference
{
    private PairedDifference(Sample differences)
    {
        Count = differences.Values.Count;
        Mean = differences.Mean;
        Deviation = differences.Deviation;
        P = SignFlipTest.P(differences.Values);
    }

    /// <summary>Seeds that both have.</summary>
    public int Count { get; }

    public double Mean { get; }

    /// <summary>The sample standard deviation of the differences; null for a single seed.</summary>
    public double? Deviation { get; }

    /// <summary>The p value of <see cref="SignFlipTest"/>.</summary>
    public double P { get; }

    /// <summary>Whether the mean is further from zero than the differences spread. A description, not a test.</summary>
    public bool ExceedsSpread => Deviation is { } deviation && Math.Abs(Mean) > deviation;

    /// <summary>The values of <paramref name="a"/> less those of <paramref name="b"/> on the seeds that both have; null where there is none.</summary>
    public static PairedDifference? Between(IReadOnlyDictionary<int, double> a, IReadOnlyDictionary<int, double> b)
    {
        var differences = a.Where(pair => b.ContainsKey(pair.Key)).OrderBy(pair => pair.Key).Select(pair => pair.Value - b[pair.Key]).ToList();
        return differences.Count == 0 ? null : new PairedDifference(new Sample(differences));
    }
}

namespace Px.Experiments.Statistics;

/// <summary>Numbers measured alike, one a seed: their mean and how far they spread.</summary>
public sealed class Sample
{
    /// <summary>Creates a sample; values stay in the order given.</summary>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public Sample(IEnumerable<double> values)
    {
        Values = [.. values];
        if (Values.Count == 0)
            throw new ArgumentException("A sample needs a value.", nameof(values));
        Mean = Values.Average();
        if (Values.Count > 1)
            Deviation = Math.Sqrt(Values.Sum(value => (value - Mean) * (value - Mean)) / (Values.Count - 1));
    }

    public IReadOnlyList<double> Values { get; }

    public double Mean { get; }

    /// <summary>The sample standard deviation, <c>√(Σ(x − x̄)² / (n − 1))</c>; null for a single value, which says nothing about spread.</summary>
    public double? Deviation { get; }

    /// <summary>The value that at least a fraction of the values do not exceed: the nearest rank, so that it was really measured.</summary>
    /// <param name="fraction">In (0, 1]: 0.95 for the 95th percentile.</param>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not in (0, 1].</exception>
    public double Percentile(double fraction)
    {
        if (!(fraction > 0 && fraction <= 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "A percentile's fraction is above 0 and at most 1.");
        // Of 100 values 0.95 · 100 must be rank 95, whatever the product's last bit.
        return Values.Order().ElementAt((int)Math.Ceiling((fraction * Values.Count) - 1e-9) - 1);
    }
}

using Px.Experiments.Statistics;

namespace Px.Experiments.Reports;

/// <summary>All methods against each other at one sparsity.</summary>
public sealed class Comparison
{
    private const double Level = 0.05;

    public Comparison(Study study, double sparsity)
    {
        (Study, Sparsity, Groups) = (study, sparsity, [.. study.At(sparsity)]);
        var pairs = (from i in Enumerable.Range(0, Groups.Count)
                     from j in Enumerable.Range(0, i)
                     let difference = PairedDifference.Between(Groups[j].AfterBySeed, Groups[i].AfterBySeed)
                     where difference is not null
                     select (A: Groups[j], B: Groups[i], Difference: difference)).ToList();
        var corrected = SignFlipTest.Holm([.. pairs.Select(pair => pair.Difference.P)]);
        Pairs = [.. pairs.Select((pair, i) => (pair.A, pair.B, pair.Difference, corrected[i]))];
    }

    public Study Study { get; }

    public double Sparsity { get; }

    public IReadOnlyList<Group> Groups { get; }

    /// <summary>Every two methods with a common seed: the first less the second, and p corrected for their number.</summary>
    public IReadOnlyList<(Group A, Group B, PairedDifference Difference, double CorrectedP)> Pairs { get; }

    /// <summary>A method less every other, the nearest first.</summary>
    public IEnumerable<(Group Other, PairedDifference Difference, bool Significant)> Of(Group one) =>
        from pair in Pairs
        where pair.A == one || pair.B == one
        let other = pair.A == one ? pair.B : pair.A
        let difference = PairedDifference.Between(one.AfterBySeed, other.AfterBySeed)
        orderby Math.Abs(difference.Mean)
        select (other, difference, pair.CorrectedP <= Level);
}

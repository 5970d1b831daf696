using Px.Pruning.Analysis;

namespace Px.Pruning.Tests.Analysis.Ntk;

public class SpectrumDistanceTests
{
    [Fact]
    public void DistanceTo_MultipleOfASpectrum_IsTheLogarithmOfTheFactor()
    {
        Of(5, 2, 1).DistanceTo(Of(500, 200, 100)).Should().BeApproximately(2, 1e-12);
        Of(5, 2, 1).ShapeDistanceTo(Of(500, 200, 100)).Should().BeLessThan(1e-15);
    }

    [Fact]
    public void DistanceTo_HandExample_IsTheRootMeanSquareInDecades() =>
        // decades 0, 1, 2 in turn: √((0 + 1 + 4) / 3)
        Of(1000, 100, 10).DistanceTo(Of(1000, 10, 0.1)).Should().BeApproximately(Math.Sqrt(5.0 / 3), 1e-12);

    [Fact]
    public void DistanceTo_Zeros_CountAsTheFloor()
    {
        Of(1, 0).DistanceTo(Of(1, 1e-6)).Should().BeApproximately(0, 1e-12);
        Of(1, 0).DistanceTo(Of(1, 1e-9)).Should().Be(0);
        Of(1, 1).DistanceTo(Of(0, 0)).Should().BeApproximately(6, 1e-12, "no distance is larger");
        Of(0, 0).DistanceTo(Of(0, 0)).Should().Be(0);
    }

    [Fact]
    public void ShapeDistanceTo_HandExample_IsWassersteinsBetweenMeansOfOne()
    {
        // (3, 1)/2 = (1.5, 0.5) against (4, 0)/2 = (2, 0).
        Of(3, 1).ShapeDistanceTo(Of(4, 0)).Should().BeApproximately(0.5, 1e-12);
        // One against all of a hundred: 99/100 above by 99, and 99 times 1 below: 2 · 0.99.
        Of([1, .. new double[99]]).ShapeDistanceTo(Of([.. Enumerable.Repeat(1.0, 100)])).Should().BeApproximately(1.98, 1e-12);
    }

    [Fact]
    public void ShapeDistanceTo_ZeroKernel_IsOneFromAnyOther()
    {
        Of(0, 0).ShapeDistanceTo(Of(7, 1)).Should().BeApproximately(1, 1e-12);
        Of(0, 0).ShapeDistanceTo(Of(0, 0)).Should().Be(0);
    }

    [Fact]
    public void Distances_DifferentLengths_CompareQuantiles()
    {
        // Every value twice is the same distribution; the median of three falls to both halves of two.
        Of(3, 2, 1).DistanceTo(Of(3, 3, 2, 2, 1, 1)).Should().Be(0);
        Of(3, 2, 1).ShapeDistanceTo(Of(3, 3, 2, 2, 1, 1)).Should().Be(0);
        // means 2: (1.5, 1, 0.5) on thirds against (2, 0) on halves: (0.5 + 0.5·1 + 0.5·1 + 0.5) / 3
        Of(3, 2, 1).ShapeDistanceTo(Of(4, 0)).Should().BeApproximately(2.0 / 3, 1e-12);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Distances_RandomSpectra_AreMetrics(int seed)
    {
        var random = new Random(seed);
        NtkSpectrum Draw() => Of([.. Enumerable.Range(0, 20).Select(_ => Math.Pow(10, -3 * random.NextDouble())).OrderDescending()]);
        var (a, b, c) = (Draw(), Draw(), Draw());

        foreach (var distance in new Func<NtkSpectrum, NtkSpectrum, double>[] { (x, y) => x.DistanceTo(y), (x, y) => x.ShapeDistanceTo(y) })
        {
            distance(a, a).Should().Be(0);
            distance(a, b).Should().BePositive().And.BeApproximately(distance(b, a), 1e-14);
            distance(a, c).Should().BeLessThanOrEqualTo(distance(a, b) + distance(b, c));
        }
    }

    private static NtkSpectrum Of(params double[] eigenvalues) => new(eigenvalues, eigenvalues.Sum(), 1, 100);
}

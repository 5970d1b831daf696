using Px.Experiments.Statistics;

namespace Px.Experiments.Tests.Statistics;

public sealed class SampleTests
{
    [Fact]
    public void Deviation_IsThatOfASample()
    {
        // Mean 5; squares of the distances 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32; 32 / 7.
        var sample = new Sample([2, 4, 4, 4, 5, 5, 7, 9]);

        sample.Mean.Should().Be(5);
        sample.Deviation.Should().BeApproximately(Math.Sqrt(32.0 / 7), 1e-15);
    }

    [Fact]
    public void Deviation_OneValue_IsUnknown() => new Sample([0.5]).Deviation.Should().BeNull();

    [Fact]
    public void Create_NoValue_Throws() => FluentActions.Invoking(() => new Sample([])).Should().Throw<ArgumentException>();

    [Theory]
    [InlineData(0.95, 95)]
    [InlineData(0.951, 96)]
    [InlineData(1, 100)]
    [InlineData(0.001, 1)]
    public void Percentile_OfHundred_IsTheNearestRank(double fraction, double expected) =>
        new Sample(Enumerable.Range(1, 100).Reverse().Select(i => (double)i)).Percentile(fraction).Should().Be(expected);

    [Theory]
    [InlineData(0)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void Percentile_OutOfRange_Throws(double fraction) =>
        FluentActions.Invoking(() => new Sample([1]).Percentile(fraction)).Should().Throw<ArgumentOutOfRangeException>();
}

using Px.Experiments.Statistics;

namespace Px.Experiments.Tests.Statistics;

public sealed class PairedDifferenceTests
{
    [Fact]
    public void Between_CommonSeeds_PairsThem()
    {
        // Seeds 1 and 3 are common: 2 − 1 and 5 − 2.
        var difference = PairedDifference.Between(new Dictionary<int, double> { [3] = 5, [1] = 2, [7] = 9 }, new Dictionary<int, double> { [1] = 1, [2] = 4, [3] = 2 })!;

        difference.Count.Should().Be(2);
        difference.Mean.Should().Be(2);
        difference.Deviation.Should().BeApproximately(Math.Sqrt(2), 1e-15);
        difference.ExceedsSpread.Should().BeTrue();
        difference.P.Should().Be(0.5);
    }

    [Theory]
    [InlineData(1, 3, true)]
    [InlineData(-1, -3, true)]
    [InlineData(-1, 3, false)]
    [InlineData(0, 0, false)]
    public void ExceedsSpread_TwoSeeds_NeedsTheMeanBeyondOneDeviation(double first, double second, bool expected) =>
        PairedDifference.Between(new Dictionary<int, double> { [1] = first, [2] = second }, new Dictionary<int, double> { [1] = 0, [2] = 0 })!.ExceedsSpread.Should().Be(expected);

    [Fact]
    public void Between_OneCommonSeed_KnowsNoSpread()
    {
        var difference = PairedDifference.Between(new Dictionary<int, double> { [1] = 1 }, new Dictionary<int, double> { [1] = 0 })!;

        difference.Deviation.Should().BeNull();
        difference.ExceedsSpread.Should().BeFalse();
    }

    [Fact]
    public void Between_NoCommonSeed_IsNull() => PairedDifference.Between(new Dictionary<int, double> { [1] = 1 }, new Dictionary<int, double> { [2] = 1 }).Should().BeNull();
}

using Px.Experiments.Reports.Html;

namespace Px.Experiments.Tests.Reports.Html;

public sealed class WordsTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1234.5, "1,234")]
    [InlineData(12.345, "12.3")]
    [InlineData(1, "1.00")]
    [InlineData(-0.0012345, "−0.00123")]
    [InlineData(1.5e-9, "1.50e−9")]
    [InlineData(6.02e23, "6.02e+23")]
    public void Number_HasThreeDigits(double value, string expected) => Words.Number(value).Should().Be(expected);

    [Theory]
    [InlineData(0.0312, null, "+3.12")]
    [InlineData(-0.0312, 0.001, "−3.12 ± 0.10")]
    [InlineData(-0.00001, null, "0.00")]
    public void Points_HaveASignUnlessTheyRoundToZero(double mean, double? deviation, string expected) => Words.Points(mean, deviation).Should().Be(expected);

    [Theory]
    [InlineData(0.982, "98.2 %")]
    [InlineData(0.5, "50 %")]
    [InlineData(0.83222784, "83.22 %")]
    public void Share_HasNoMoreDecimalsThanItNeeds(double fraction, string expected) => Words.Share(fraction).Should().Be(expected);

    [Theory]
    [InlineData(1, "1 seed")]
    [InlineData(1200, "1,200 seeds")]
    public void Count_Noun_IsInTheRightNumber(int count, string expected) => Words.Count(count, "seed").Should().Be(expected);

    [Theory]
    [InlineData("–")]
    [InlineData("a", "a")]
    [InlineData("a and b", "a", "b")]
    [InlineData("a, b and c", "a", "b", "c")]
    public void List_JoinsNames(string expected, params string[] names) => Words.List(names).Should().Be(expected);
}

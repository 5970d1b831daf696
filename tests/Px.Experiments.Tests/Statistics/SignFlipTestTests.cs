using Px.Experiments.Statistics;

namespace Px.Experiments.Tests.Statistics;

public sealed class SignFlipTestTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 0.5)]
    [InlineData(3, 0.25)]
    [InlineData(6, 0.03125)]
    public void P_AllOfOneSign_IsTheLeastThereIs(int seeds, double expected)
    {
        SignFlipTest.Least(seeds).Should().Be(expected);
        SignFlipTest.P([.. Enumerable.Range(1, seeds).Select(i => 0.01 * i)]).Should().Be(expected);
        SignFlipTest.P([.. Enumerable.Range(1, seeds).Select(i => -0.1 / i)]).Should().Be(expected);
    }

    [Fact]
    public void P_ThreeValues_IsTheFractionOfChoices()
    {
        // The sums of ±1 ±2 ±4 are 7, 5, 3, 1 and their opposites; that of 1, −2, 4 is 3: six of eight reach it.
        SignFlipTest.P([1, -2, 4]).Should().Be(6.0 / 8);
    }

    [Fact]
    public void P_Zeros_IsOne() => SignFlipTest.P([0, 0, 0]).Should().Be(1);

    [Fact]
    public void P_SumThatRounds_CountsEveryMirrorImage() => SignFlipTest.P([0.1, 0.2, 0.3]).Should().Be(0.25);

    [Fact]
    public void P_Many_IsDrawnAndRepeats()
    {
        // The exact p is 2⁻¹⁶: the draws cannot tell it from one in 65,537 by more than a few.
        var differences = Enumerable.Repeat(1.0, 17).ToList();

        SignFlipTest.P(differences).Should().BeInRange(1.0 / 65537, 8.0 / 65537).And.Be(SignFlipTest.P(differences));
    }

    [Fact]
    public void Holm_ThreeValues_AreMultipliedByWhatIsLeftAndNeverFall() =>
        SignFlipTest.Holm([0.04, 0.01, 0.03]).Should().BeEquivalentTo([0.06, 0.03, 0.06], options => options.WithStrictOrdering().Using<double>(pair => pair.Subject.Should().BeApproximately(pair.Expectation, 1e-15)).WhenTypeIs<double>());

    [Fact]
    public void Holm_LargeValues_EndAtOne() => SignFlipTest.Holm([0.5, 0.9]).Should().Equal(1, 1);
}

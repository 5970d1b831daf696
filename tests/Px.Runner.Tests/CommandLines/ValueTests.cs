using Px.Runner.CommandLines;

namespace Px.Runner.Tests.CommandLines;

public sealed class ValueTests
{
    [Theory]
    [InlineData("1")]
    [InlineData("-0.1")]
    [InlineData("90")]
    [InlineData("NaN")]
    [InlineData("0.9;0.98")]
    [InlineData("0.9,")]
    public void List_OfWhatIsNoFraction_IsRefused(string given) =>
        FluentActions.Invoking(() => new Value("--sparsity", given).List(item => item.Fraction()))
            .Should().Throw<UsageException>().WithMessage("--sparsity must be the fraction of weights to remove, at least 0 and below 1*");

    [Fact]
    public void List_WithSpacesAndOtherCase_IsUnderstood()
    {
        new Value("--methods", "random,PX").List(item => item.OneOf(["px", "random"])).Should().Equal("random", "px");
        new Value("--sparsity", "0.5, 0.98").List(item => item.Fraction()).Should().Equal(0.5, 0.98);
    }

    [Theory]
    [InlineData("px,PX", "--methods names something twice, not 'px,PX'")]
    [InlineData("px,grasp", "--methods must be one of px, snip, not 'grasp'")]
    public void List_OfWordsThatAreWrong_SaysWhatIsWrong(string given, string message) =>
        FluentActions.Invoking(() => new Value("--methods", given).List(item => item.OneOf(["px", "snip"]))).Should().Throw<UsageException>().WithMessage(message);

    [Theory]
    [InlineData("0")]
    [InlineData("1.5")]
    [InlineData("10001")]
    [InlineData("-1")]
    public void Whole_OutOfRange_IsRefused(string given) =>
        FluentActions.Invoking(() => new Value("--epochs", given).Whole(1, 10_000))
            .Should().Throw<UsageException>().WithMessage($"--epochs must be a whole number from 1 to 10000, not '{given}'");
}

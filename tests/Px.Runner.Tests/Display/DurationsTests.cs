using Px.Runner.Display;

namespace Px.Runner.Tests.Display;

public sealed class DurationsTests
{
    [Theory]
    [InlineData(0, "0:00")]
    [InlineData(0.2, "0:01")]
    [InlineData(59, "0:59")]
    [InlineData(61, "1:01")]
    [InlineData(3599.5, "1:00:00")]
    [InlineData(90_061, "25:01:01")]
    public void Clock_Time_IsRoundedUpToSeconds(double seconds, string expected) => Durations.Clock(TimeSpan.FromSeconds(seconds)).Should().Be(expected);
}

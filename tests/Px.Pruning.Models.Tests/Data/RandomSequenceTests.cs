using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Tests.Data;

public sealed class RandomSequenceTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public void Skip_ACount_IsThatManyDrawsLater(int count)
    {
        var drawn = new RandomSequence(7, 3);
        var skipped = drawn.Skip((ulong)count);
        for (var i = 0; i < count; i++)
            drawn.Below(10);
        for (var i = 0; i < 5; i++)
            skipped.Below(int.MaxValue).Should().Be(drawn.Below(int.MaxValue));
    }

    [Fact]
    public void Between_TwoNumbers_IsEvenlySpread()
    {
        var random = new RandomSequence(1, 1);
        var values = Enumerable.Range(0, 10_000).Select(_ => random.Between(-1, 3)).ToArray();
        values.Should().OnlyContain(value => value >= -1 && value < 3);
        values.Average().Should().BeApproximately(1, 4 * 0.0115); // 4 standard deviations of 4 / √12 / 100
        values.Count(value => value < 0).Should().BeInRange(2327, 2673); // 2500 ± 4 × 43.3
        random.Between(2, 2).Should().Be(2);
    }
}

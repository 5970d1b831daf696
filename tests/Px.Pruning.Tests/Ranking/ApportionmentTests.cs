using Px.Pruning.Ranking;

namespace Px.Pruning.Tests.Ranking;

public sealed class ApportionmentTests
{
    private static readonly long[] noFloors = new long[8];

    [Fact]
    public void Divide_WithoutBounds_IsLargestRemainders()
    {
        // 10·(6, 6, 2)/14 = 4.29, 4.29, 1.43
        Divide(10, [6, 6, 2]).Should().Equal(4, 4, 2);
        // 21·(5, 3, 1)/9 = 11.67, 7, 2.33
        Divide(21, [5, 3, 1]).Should().Equal(12, 7, 2);
    }

    [Fact]
    public void Divide_EqualRemainders_GoToTheEarlierLayer()
    {
        Divide(4, [1, 1, 1]).Should().Equal(2, 1, 1);
        Divide(5, [7, 7, 7]).Should().Equal(2, 2, 1);
    }

    [Fact]
    public void Divide_AShareAboveCapacity_PassesTheExcessOnInProportion()
    {
        // 22·(10, 2, 1)/13 = 16.9, 3.4, 1.7: the first is full at 4, and of 18 the others want 12 and 6; the second is full at 9.
        Apportionment.Divide(22, [10, 2, 1], noFloors, [4, 9, 50]).Should().Equal(4, 9, 9);
    }

    [Fact]
    public void Divide_AShareBelowItsFloor_TakesFromTheOthersInProportion()
    {
        // 20·(6, 3, 1)/10 = 12, 6, 2: the third needs 5, and of 15 the others get 10 and 5.
        Apportionment.Divide(20, [6, 3, 1], [0, 0, 5], [99, 99, 99]).Should().Equal(10, 5, 5);
    }

    [Fact]
    public void Divide_FloorAndCapacityAtOnce_SettlesWhatIsFurtherOff()
    {
        // Unbounded: 80, 30, 10. Too much by 60, too little by 10: λ rises, and the third gets 100·10/40 without its floor.
        Apportionment.Divide(120, [8, 3, 1], [0, 0, 20], [20, 999, 999]).Should().Equal(20, 75, 25);
        // Too much by 10, too little by 30: λ falls, and the first stays below its capacity: 80·(8, 3)/11 = 58.2, 21.8.
        Apportionment.Divide(120, [8, 3, 1], [0, 0, 40], [70, 999, 999]).Should().Equal(58, 22, 40);
        // As much as little: λ is right at once.
        Apportionment.Divide(120, [8, 3, 1], [0, 0, 50], [40, 999, 999]).Should().Equal(40, 30, 50);
    }

    [Theory]
    [InlineData(0, new long[] { 0, 0, 0 })]
    [InlineData(12, new long[] { 5, 0, 7 })]
    public void Divide_NothingOrEverything_MeetsTheBounds(long total, long[] expected) =>
        Apportionment.Divide(total, [3, 0, 1], noFloors, [5, 0, 7]).Should().Equal(expected);

    [Fact]
    public void Divide_Floors_ThatAreAllThereIs_AreWhatIsGiven() =>
        Apportionment.Divide(6, [100, 1, 1], [1, 2, 3], [9, 9, 9]).Should().Equal(1, 2, 3);

    [Fact]
    public void Divide_HugeNumbers_AreExact()
    {
        long third = 1L << 42;
        Divide(3 * third - 1, [third, third, third]).Should().Equal(third, third, third - 1);
    }

    /// <summary>Second route: the λ of the continuous problem by bisection in floating point.</summary>
    [Fact]
    public void Divide_RandomCases_RoundTheBisectedSolutionByLargestFractions()
    {
        var random = new Random(1);
        for (var trial = 0; trial < 2000; trial++)
        {
            var (total, shares, floors, capacities) = Case(random, layers: random.Next(1, 9), size: 60);

            var counts = Apportionment.Divide(total, shares, floors, capacities);

            var exact = Bisect(total, shares, floors, capacities);
            counts.Sum().Should().Be(total);
            for (var i = 0; i < counts.Length; i++)
            {
                counts[i].Should().BeInRange(floors[i], capacities[i]);
                Math.Abs(counts[i] - exact[i]).Should().BeLessThan(1 + 1e-9);
            }

            var roundedUp = exact.Where((x, i) => counts[i] > x + 1e-9).Select(x => x - Math.Floor(x)).DefaultIfEmpty(1).Min();
            var roundedDown = exact.Where((x, i) => counts[i] < x - 1e-9).Select(x => x - Math.Floor(x)).DefaultIfEmpty(0).Max();
            roundedUp.Should().BeGreaterThanOrEqualTo(roundedDown - 1e-9);
        }
    }

    /// <summary>Third route: of all divisions within the bounds, none is closer to the continuous one.</summary>
    [Fact]
    public void Divide_SmallCases_AreTheClosestOfAllDivisions()
    {
        var random = new Random(2);
        for (var trial = 0; trial < 300; trial++)
        {
            var (total, shares, floors, capacities) = Case(random, layers: 3, size: 7);
            var exact = Bisect(total, shares, floors, capacities);

            var counts = Apportionment.Divide(total, shares, floors, capacities);

            var best = double.PositiveInfinity;
            for (var a = floors[0]; a <= capacities[0]; a++)
            for (var b = floors[1]; b <= capacities[1]; b++)
            {
                var c = total - a - b;
                if (c >= floors[2] && c <= capacities[2]) best = Math.Min(best, Distance([a, b, c], exact));
            }

            Distance(counts, exact).Should().BeApproximately(best, 1e-6);
        }
    }

    private static long[] Divide(long total, long[] shares) => Apportionment.Divide(total, shares, noFloors, [.. shares.Select(_ => long.MaxValue / 8)]);

    private static (long Total, long[] Shares, long[] Floors, long[] Capacities) Case(Random random, int layers, int size)
    {
        var capacities = Enumerable.Range(0, layers).Select(_ => (long)random.Next(0, size)).ToArray();
        var floors = capacities.Select(c => random.Next(2) == 0 ? 0 : random.NextInt64(0, c + 1)).ToArray();
        var shares = capacities.Select(c => c == 0 && random.Next(2) == 0 ? 0 : random.NextInt64(1, 50)).ToArray();
        return (random.NextInt64(floors.Sum(), capacities.Sum() + 1), shares, floors, capacities);
    }

    private static double[] Bisect(long total, long[] shares, long[] floors, long[] capacities)
    {
        double low = 0, high = 1000;
        double[] At(double lambda) => [.. shares.Select((s, i) => Math.Clamp(lambda * s, floors[i], capacities[i]))];
        for (var step = 0; step < 200; step++)
        {
            var middle = (low + high) / 2;
            if (At(middle).Sum() < total) low = middle;
            else high = middle;
        }

        return At(high);
    }

    private static double Distance(long[] counts, double[] exact) => counts.Zip(exact, (count, x) => (count - x) * (count - x)).Sum();
}

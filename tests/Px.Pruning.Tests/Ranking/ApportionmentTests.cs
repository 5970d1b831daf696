using FsCheck;
using FsCheck.Fluent;
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
    public void Divide_AnyCase_RoundsTheBisectedSolutionByLargestFractions() => ForAll(2000, Gen.Choose(1, 8), size: 60, division =>
    {
        var counts = division.Divide();

        var exact = division.Bisect();
        counts.Sum().Should().Be(division.Total);
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i].Should().BeInRange(division.Layers[i].Floor, division.Layers[i].Capacity);
            Math.Abs(counts[i] - exact[i]).Should().BeLessThan(1 + 1e-9);
        }

        var roundedUp = exact.Where((x, i) => counts[i] > x + 1e-9).Select(x => x - Math.Floor(x)).DefaultIfEmpty(1).Min();
        var roundedDown = exact.Where((x, i) => counts[i] < x - 1e-9).Select(x => x - Math.Floor(x)).DefaultIfEmpty(0).Max();
        roundedUp.Should().BeGreaterThanOrEqualTo(roundedDown - 1e-9);
    });

    /// <summary>Third route: of all divisions within the bounds, none is closer to the continuous one.</summary>
    [Fact]
    public void Divide_SmallCases_AreTheClosestOfAllDivisions() => ForAll(300, Gen.Constant(3), size: 7, division =>
    {
        var exact = division.Bisect();
        var divisions = division.Layers.Aggregate((IEnumerable<long[]>)[[]], (begun, layer) =>
            from counts in begun
            from count in Enumerable.Range((int)layer.Floor, (int)(layer.Capacity - layer.Floor) + 1)
            select (long[])[.. counts, count]);

        var best = divisions.Where(counts => counts.Sum() == division.Total).Min(counts => Distance(counts, exact));

        Distance(division.Divide(), exact).Should().BeApproximately(best, 1e-6);
    });

    private static long[] Divide(long total, long[] shares) => Apportionment.Divide(total, shares, noFloors, [.. shares.Select(_ => long.MaxValue / 8)]);

    // The same cases each time; one that fails is made smaller before it is shown.
    private static void ForAll(int trials, Gen<int> layers, int size, Action<Division> holds)
    {
        var layer =
            from capacity in Gen.Choose(0, size - 1)
            from floor in Gen.OneOf(Gen.Constant(0), Gen.Choose(0, capacity))
            from share in Gen.Choose(capacity == 0 ? 0 : 1, 49)
            select new Layer(share, floor, capacity);
        var division =
            from count in layers
            from drawn in layer.ArrayOf(count)
            from total in Gen.Choose((int)drawn.Sum(one => one.Floor), (int)drawn.Sum(one => one.Capacity))
            select new Division(drawn, total);
        Prop.ForAll(Arb.From(division, Smaller), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(trials).WithReplay(1, 3));
    }

    // The same without one of the layers.
    private static IEnumerable<Division> Smaller(Division division) =>
        from left in division.Layers.Length == 1 ? [] : division.Layers.Select((_, i) => (Layer[])[.. division.Layers[..i], .. division.Layers[(i + 1)..]])
        select new Division(left, Math.Clamp(division.Total, left.Sum(layer => layer.Floor), left.Sum(layer => layer.Capacity)));

    private static double Distance(long[] counts, double[] exact) => counts.Zip(exact, (count, x) => (count - x) * (count - x)).Sum();

    private sealed record Layer(long Share, long Floor, long Capacity);

    private sealed record Division(Layer[] Layers, long Total)
    {
        internal long[] Divide() => Apportionment.Divide(
            Total, [.. Layers.Select(layer => layer.Share)], [.. Layers.Select(layer => layer.Floor)], [.. Layers.Select(layer => layer.Capacity)]);

        internal double[] Bisect()
        {
            double low = 0, high = 1000;
            double[] At(double lambda) => [.. Layers.Select(layer => Math.Clamp(lambda * layer.Share, layer.Floor, layer.Capacity))];
            for (var step = 0; step < 200; step++)
            {
                var middle = (low + high) / 2;
                if (At(middle).Sum() < Total) low = middle;
                else high = middle;
            }

            return At(high);
        }

        public override string ToString() => $"{Total} among {string.Join(", ", Layers.AsEnumerable())}";
    }
}

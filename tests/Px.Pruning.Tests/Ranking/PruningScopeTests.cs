using Px.Pruning.Ranking;
using Px.Pruning.Tests.Masking;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Ranking;

public sealed class PruningScopeTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    /// <summary>Kinds of scores: distinct, many ties, few values, huge range, signed zeros and negatives, denormals, all equal, all zero.</summary>
    public static TheoryData<string, int> Grid()
    {
        var grid = new TheoryData<string, int>();
        foreach (var kind in new[] { "uniform", "ties", "two", "wide", "signed", "tiny", "equal", "zero", "faint", "neighbours" })
        {
            for (var seed = 0; seed < 6; seed++)
                grid.Add(kind, seed);
        }

        return grid;
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void SelectGlobal_AnyScores_EqualsStableSortOfEverything(string kind, int seed)
    {
        var random = new Random(seed);
        // From a few thousand on, a sample guesses where the threshold lies.
        var parameters = Random(kind, random, sizes: seed < 4 ? [1, 40, 7, 300] : [1, 6000, 7, 3000]);
        foreach (var density in new[] { 0, 0.003, 0.02, 0.1, 1.0 / 3, 0.5, 0.77, 0.999, 1 })
        {
            var total = parameters.Sum(p => p.Scores.numel());
            var expected = Rankings.StableSort(parameters, (int)Math.Round(density * total, MidpointRounding.AwayFromZero));

            var masks = PruningScope.Global.Select(parameters, density);

            masks.SelectMany(m => m.bytes.ToArray()).Should().Equal(expected, "{0} at density {1}", kind, density);
        }
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void SelectLayerWise_AnyScores_EqualsStableSortOfEachLayer(string kind, int seed)
    {
        var parameters = Random(kind, new Random(seed), sizes: [1, 40, 7, 300]);
        foreach (var density in new[] { 0, 0.02, 0.1, 0.5, 0.77, 1 })
        {
            var masks = PruningScope.LayerWise.Select(parameters, density);

            for (var i = 0; i < parameters.Count; i++)
            {
                var count = (int)Math.Round(density * parameters[i].Scores.numel(), MidpointRounding.AwayFromZero);
                masks[i].bytes.ToArray().Should().Equal(Rankings.StableSort([parameters[i]], count));
            }
        }
    }

    [Fact]
    public void Select_Ties_KeepTheEarlierParameterAndIndex()
    {
        ScoredParameter[] parameters = [Rankings.Scored("a", [1, 2, 1, 1]), Rankings.Scored("b", [1, 1, 3])];

        var masks = PruningScope.Global.Select(parameters, 4.0 / 7);

        masks[0].bytes.ToArray().Should().Equal(1, 1, 1, 0);
        masks[1].bytes.ToArray().Should().Equal(0, 0, 1);
    }

    [Fact]
    public void Select_SignedZeros_AreEqual()
    {
        var masks = PruningScope.Global.Select([Rankings.Scored("w", [-0.0, 0.0, -0.0, 0.0])], 0.5);

        masks[0].bytes.ToArray().Should().Equal(1, 1, 0, 0);
    }

    [Fact]
    public void Select_HalfWeights_RoundAwayFromZero()
    {
        PruningScope.Global.Select([Rankings.Scored("w", [5, 4, 3, 2, 1])], 0.5)[0].sum().ToInt64().Should().Be(3);
        new KeepCount(0.5).Of(5).Should().Be(3);
        new KeepCount(0.25).Of(10).Should().Be(3);
        new KeepCount(0.02).Of(268336).Should().Be(5367);
        new KeepCount(1).Of(long.MaxValue / 4).Should().BeGreaterThan(0);
    }

    [Fact]
    public void Select_FewerAliveThanAsked_KeepsAllOfThemAndRevivesNone()
    {
        ScoredParameter[] parameters = [Rankings.Scored("a", [9, 9, 9, 9], [0, 1, 0, 0]), Rankings.Scored("b", [1, 9], [1, 0])];

        var masks = PruningScope.Global.Select(parameters, 0.9);

        masks[0].bytes.ToArray().Should().Equal(0, 1, 0, 0);
        masks[1].bytes.ToArray().Should().Equal(1, 0);
    }

    [Fact]
    public void Select_Shapes_AreThoseOfTheScores()
    {
        var parameter = new ScoredParameter("w", rand(3, 2, 5, 5, dtype: ScalarType.Float64), ones(3, 2, 5, 5, dtype: ScalarType.Bool));

        PruningScope.LayerWise.Select([parameter], 0.1)[0].shape.Should().Equal(3, 2, 5, 5);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Select_NonFiniteScoreOfALiveWeight_NamesTheParameterAndLeaksNothing(double value)
    {
        foreach (var others in new[] { 2, 100 }) // scores are looked at in blocks, and one by one where they are few
        foreach (var pruningScope in new[] { PruningScope.Global, PruningScope.LayerWise })
        {
            ScoredParameter[] parameters = [Rankings.Scored("good.weight", [1, 2]), Rankings.Scored("bad.weight", [1, value, .. Enumerable.Repeat(2.0, others), value])];
            var act = () => pruningScope.Select(parameters, 0.5);

            act.Should().Throw<NonFiniteScoreException>().WithMessage("*2 scores*bad.weight*").Which.Parameter.Should().Be("bad.weight");
            LiveTensors.LeftBy(() => act.Should().Throw<NonFiniteScoreException>()).Should().Be(0);
        }
    }

    [Theory]
    [InlineData(0xFFF8_0000_0000_0000)]
    [InlineData(0x7FF0_0000_0000_0001)]
    [InlineData(0xFFFF_FFFF_FFFF_FFFF)]
    public void Select_EveryKindOfNaN_IsSeen(ulong bits) =>
        ((Action)(() => PruningScope.Global.Select([Rankings.Scored("w", [1, BitConverter.UInt64BitsToDouble(bits)])], 0.5)))
            .Should().Throw<NonFiniteScoreException>();

    [Fact]
    public void Select_LargestFiniteScores_AreNotTakenForInfinite() =>
        PruningScope.Global.Select([Rankings.Scored("w", [double.MaxValue, double.MinValue, 0])], 1.0 / 3)[0].bytes.ToArray().Should().Equal(1, 0, 0);

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    public void Select_NonFiniteScoreOfAPrunedWeight_IsIgnored(int times)
    {
        double[] scores = [.. Enumerable.Repeat(new[] { 1, double.NaN, 2, double.PositiveInfinity, double.NegativeInfinity }, times).SelectMany(five => five)];
        int[] alive = [.. scores.Select(score => double.IsFinite(score) ? 1 : 0)];

        var masks = PruningScope.Global.Select([Rankings.Scored("w", scores, alive)], 0.2);

        masks[0].bytes.ToArray().Should().Equal(scores.Select(score => score == 2 ? (byte)1 : (byte)0));
    }

    [Fact]
    public void Select_RoundAfterRound_OnlyShrinks()
    {
        var random = new Random(11);
        var alive = ones(200, dtype: ScalarType.Bool);
        foreach (var density in SparsitySchedule.Exponential.Plan(8, 0.05))
        {
            var scores = tensor(Enumerable.Range(0, 200).Select(_ => random.NextDouble()).ToArray());
            var next = PruningScope.Global.Select([new ScoredParameter("w", scores, alive)], density)[0];
            next.logical_and(alive.logical_not()).any().ToBoolean().Should().BeFalse();
            next.sum().ToInt64().Should().Be((long)Math.Round(density * 200, MidpointRounding.AwayFromZero));
            alive = next;
        }
    }

    [Fact]
    public void Select_Repeated_LeavesOnlyItsMasksAlive()
    {
        var parameters = Random("ties", new Random(1), sizes: [50, 60]);
        foreach (var pruningScope in new[] { PruningScope.Global, PruningScope.LayerWise })
        {
            LiveTensors.LeftBy(() =>
            {
                foreach (var mask in pruningScope.Select(parameters, 0.3))
                    mask.Dispose();
            }).Should().Be(0);
        }
    }

    private static List<ScoredParameter> Random(string kind, Random random, int[] sizes) => sizes
        .Select((size, i) => Rankings.Scored(
            $"p{i}",
            Enumerable.Range(0, size).Select(_ => Draw(kind, random)).ToArray(),
            Enumerable.Range(0, size).Select(_ => random.NextDouble() < 0.8 ? 1 : 0).ToArray()))
        .ToList();

    private static double Draw(string kind, Random random) => kind switch
    {
        "uniform" => random.NextDouble(),
        "ties" => random.Next(12),
        "two" => random.Next(2),
        "wide" => Math.Exp(random.NextDouble() * 1400 - 700),
        "signed" => random.Next(-3, 4) * (random.Next(2) - 0.5),
        "tiny" => random.Next(5) * double.Epsilon,
        "equal" => 0.1,
        "faint" => random.Next(-3, 4) * double.Epsilon,
        "zero" => random.Next(2) == 0 ? 0.0 : -0.0,
        "neighbours" => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(1.5) + random.Next(40)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}

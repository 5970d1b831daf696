using Px.Pruning.Ranking;
using Px.Pruning.Tests.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Ranking;

/// <summary>What N:M keeps of scores, against a ranking of every group by itself, and what it refuses.</summary>
public sealed class NOfMScopeTests : LeakCheckedTests
{
    /// <summary>Every pattern on a linear layer of 70 inputs, which most M do not divide, with many equal scores and some weights pruned before.</summary>
    [Fact]
    public void Select_EveryPattern_KeepsTheBestOfEachGroup()
    {
        var random = new Random(1);
        for (int m = 2; m <= 32; m++)
        {
            for (int n = 1; n < m; n++)
            {
                using var scope = NewDisposeScope();
                var parameter = Some([3, 70], new InputAxis(1, 70), random);

                var mask = PruningScope.NOfM(n, m).Select([parameter], (double)n / m)[0];

                mask.bytes.ToArray().Should().Equal(BruteForce(parameter, n, m, false), $"{n}:{m}");
            }
        }
    }

    /// <summary>Every layout that a layer's weight has, with its groups of channels.</summary>
    [Theory]
    [InlineData(false, 1, new long[] { 5, 16 })]
    [InlineData(false, 1, new long[] { 5, 16, 3 })]
    [InlineData(false, 1, new long[] { 4, 9, 3, 2 })]
    [InlineData(false, 3, new long[] { 6, 4, 3, 3 })] // [out, in / groups, …] of 12 inputs
    [InlineData(false, 8, new long[] { 8, 1, 3, 3 })] // depthwise
    [InlineData(false, 1, new long[] { 2, 8, 2, 2, 2 })]
    [InlineData(true, 1, new long[] { 16, 5 })]
    [InlineData(true, 1, new long[] { 9, 4, 3, 2 })]
    [InlineData(true, 3, new long[] { 15, 2, 3, 3 })] // [in, out / groups, …]: three times 5 inputs
    [InlineData(true, 2, new long[] { 8, 1, 2 })]
    [InlineData(false, 1, new long[] { 0, 4, 3, 3 })]
    public void Select_EveryLayout_GroupsTheInputsOfOneUnitAndTap(bool transposed, long groups, long[] shape)
    {
        var random = new Random(2);
        var parameter = Some(shape, InputAxis.Of(shape, transposed, groups), random);
        foreach (bool excludesUneven in new[] { false, true })
        foreach (var (n, m) in new[] { (2, 4), (1, 2), (3, 5), (1, 8) })
        {
            var mask = PruningScope.NOfM(n, m, excludesUneven).Select([parameter], (double)n / m)[0];

            mask.shape.Should().Equal(shape);
            mask.bytes.ToArray().Should().Equal(BruteForce(parameter, n, m, excludesUneven), $"{n}:{m}");
        }
    }

    [Theory]
    [InlineData(1.0, 4)]
    [InlineData(0.875, 4)] // 3.5
    [InlineData(0.8, 3)]
    [InlineData(0.5, 2)]
    [InlineData(0.4996, 2)]
    public void Select_DensityOfARound_RoundsToWeightsOfAGroup(double density, int kept)
    {
        var parameter = Some([6, 8], new InputAxis(1, 8), new Random(3)) with { Alive = ones(6, 8, dtype: ScalarType.Bool) };

        var mask = PruningScope.NOfM(2, 4).Select([parameter], new KeepCount(density, WeightCounting.Truncated), [0])[0];

        mask.bytes.ToArray().Should().Equal(BruteForce(parameter, kept, 4, false));
    }

    [Fact]
    public void Select_AmongScoresOfZero_KeepsTheLarger()
    {
        double[] scores = [0, 0, 0, 5, 0, 0, 0, 0, -1, 0, 0, 1, 2, 2, 2, 2], sizes = [1, 3, 2, 0, 1, 4, 4, 2, 9, 1, 2, 0, 1, 2, 3, 4];
        var parameter = Rankings.Scored("w", scores).In(1, 16) with { Inputs = new InputAxis(1, 16) };

        var byPlace = PruningScope.NOfM(2, 4).Select([parameter], 0.5)[0];
        var bySize = PruningScope.NOfM(2, 4).Select([parameter with { Magnitude = () => tensor(sizes).reshape(1, 16) }], 0.5)[0];

        byPlace.bytes.ToArray().Should().Equal(1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0);
        bySize.bytes.ToArray().Should().Equal(0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0);
    }

    [Fact]
    public void Select_SinglePrecision_RanksAlike()
    {
        var parameter = Some([4, 12, 3, 3], new InputAxis(1, 12), new Random(5));
        var single = parameter with { Scores = parameter.Scores.to(float32) };

        PruningScope.NOfM(1, 4).Select([single], 0.25)[0].bytes.ToArray().Should().Equal(BruteForce(parameter, 1, 4, false));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void Select_ScoreThatIsNoNumber_NamesTheParameter(double score)
    {
        var parameter = Rankings.Scored("conv.weight", [1, score, 2, 3]).In(1, 4) with { Inputs = new InputAxis(1, 4) };
        var select = () => PruningScope.NOfM(2, 4).Select([parameter], 0.5);

        select.Should().Throw<NonFiniteScoreException>().Which.Parameter.Should().Be("conv.weight");
        PruningScope.NOfM(2, 4).Select([parameter with { Alive = tensor(new[] { true, false, true, true }).reshape(1, 4) }], 0.5)[0]
            .bytes.ToArray().Should().Equal(0, 0, 1, 1);
    }

    /// <summary>Scores that a user put together have no layer: their second dimension is that of the inputs, and there must be one.</summary>
    [Fact]
    public void Select_ScoresOfTheUsers_TakesTheSecondDimension()
    {
        using var scores = new PruningScores([KeyValuePair.Create("w", tensor(new double[] { 4, 3, 2, 1, 5, 6, 7, 8 }).reshape(2, 4))]);
        using var bias = new PruningScores([KeyValuePair.Create("bias", ones(4))]);

        using var mask = PruningScope.NOfM(2, 4).Select(scores, 0.5);

        mask["w"].bytes.ToArray().Should().Equal(1, 1, 0, 0, 0, 0, 1, 1);
        FluentActions.Invoking(() => PruningScope.NOfM(2, 4).Select(bias, 0.5)).Should().Throw<ArgumentException>().WithMessage("*'bias'*inputs are not known*");
        FluentActions.Invoking(() => PruningScope.NOfM(2, 4).Select(scores, 0.4)).Should().Throw<ArgumentException>().WithMessage("*0.4 is too low, 0.5*");
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(4, 4)]
    [InlineData(-1, 4)]
    [InlineData(1, 1)]
    [InlineData(2, 33)]
    public void NOfM_OutsideItsRange_Throws(int n, int m) =>
        FluentActions.Invoking(() => PruningScope.NOfM(n, m)).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void WithMinimumDensity_IsRefusedWithTheReason() =>
        PruningScope.NOfM(2, 4).Invoking(scope => scope.WithMinimumDensity(0.1)).Should().Throw<NotSupportedException>()
            .WithMessage("*'2:4' takes no minimum density: every whole group of 4 weights keeps 2*");

    /// <summary>Patterns as a slow search finds them, and none where there is none.</summary>
    [Fact]
    public void Find_MaskOfAPattern_IsThePatternOfTheSmallestGroups()
    {
        var random = new Random(6);
        for (int m = 2; m <= 32; m++)
        {
            for (int n = 1; n < m; n++)
            {
                using var scope = NewDisposeScope();
                var parameter = Some([32, 70], new InputAxis(1, 70), random) with { Alive = ones(32, 70, dtype: ScalarType.Bool) };
                var mask = PruningScope.NOfM(n, m).Select([parameter], (double)n / m)[0];

                InputPattern.Find(mask, parameter.Inputs!.Value).Should().Be($"{n}:{m}");
                mask.bytes[3] ^= 1;
                InputPattern.Find(mask, parameter.Inputs!.Value).Should().BeNull();
            }
        }

        InputPattern.Find(ones(32, 32, dtype: ScalarType.Bool), new InputAxis(1, 32)).Should().BeNull("nothing is pruned");
        InputPattern.Find(zeros(32, 32, dtype: ScalarType.Bool), new InputAxis(1, 32)).Should().BeNull("nothing is kept");
        InputPattern.Find(tensor(new[] { true, false }).repeat(15).reshape(1, 30), new InputAxis(1, 30)).Should().BeNull("15 groups may be chance");
        InputPattern.Find(tensor(new[] { true, false }).repeat(16).reshape(1, 32), new InputAxis(1, 32)).Should().Be("1:2");
        InputPattern.Find(ones(0, 4, dtype: ScalarType.Bool), new InputAxis(1, 4)).Should().BeNull();
    }

    private static ScoredParameter Some(long[] shape, InputAxis inputs, Random random)
    {
        int count = (int)shape.Aggregate(1L, (a, b) => a * b);
        if (count == 0) return new("w", zeros(shape, ScalarType.Float64), ones(shape, ScalarType.Bool)) { Inputs = inputs };
        var scores = Enumerable.Range(0, count).Select(_ => (double)random.Next(-5, 20)).ToArray();
        var alive = Enumerable.Range(0, count).Select(_ => random.Next(8) > 0).ToArray();
        return new("w", tensor(scores).reshape(shape), tensor(alive).reshape(shape)) { Inputs = inputs };
    }

    /// <summary>
    /// By index arithmetic: a weight's unit and tap are its index without the dimension of inputs. Each group's alive weights in a stable order of their
    /// scores, N of which stay; what is in no whole group stays.
    /// </summary>
    private static byte[] BruteForce(ScoredParameter parameter, int n, int m, bool excludesUneven)
    {
        if (parameter.Scores.numel() == 0) return [];
        var inputs = parameter.Inputs!.Value;
        long stride = parameter.Scores.shape.Skip(inputs.Dimension + 1).Aggregate(1L, (a, b) => a * b), size = parameter.Scores.shape[inputs.Dimension];
        double[] scores = parameter.Scores.data<double>().ToArray();
        byte[] kept = parameter.Alive.bytes.ToArray();
        if (excludesUneven && inputs.PerUnit % m != 0) return kept;
        var groups = Enumerable.Range(0, scores.Length).GroupBy(i =>
        {
            long input = i / stride % size, inUnit = input % inputs.PerUnit;
            return (UnitAndTap: i - input * stride, Channels: input / inputs.PerUnit, Group: inUnit / m);
        });
        foreach (var group in groups.Where(group => group.Count() == m))
            foreach (int i in group.Where(i => kept[i] == 1).OrderByDescending(i => scores[i]).Skip(n).ToList()) kept[i] = 0;
        return kept;
    }
}

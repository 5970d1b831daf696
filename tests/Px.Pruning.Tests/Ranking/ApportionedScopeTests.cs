using Px.Pruning.Ranking;
using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Masking;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Ranking;

public sealed class ApportionedScopeTests : LeakCheckedTests
{
    private static readonly PruningScope[] scopes = [PruningScope.Uniform, PruningScope.ErdosRenyi, PruningScope.ErdosRenyiKernel];

    // A convolution, a depthwise one, linear layers, the smallest layer there is, and one without weights.
    private static readonly long[][] shapes = [[8, 3, 3, 3], [8, 1, 5, 5], [16, 8], [10, 16], [1, 1], [0, 7]];

    [Fact]
    public void Select_ByHand_DividesByTheFormulas()
    {
        // 108 and 8 weights, 12 to keep.
        long[][] two = [[4, 3, 3, 3], [2, 4]];
        Counts(PruningScope.Uniform, two, 0.1).Should().Equal(11, 1); // 12·(108, 8)/116 = 11.17, 0.83
        Counts(PruningScope.ErdosRenyi, two, 0.1).Should().Equal(11, 1); // (4 + 3)·9 = 63 to 2 + 4 = 6: 10.96, 1.04
        Counts(PruningScope.ErdosRenyiKernel, two, 0.1).Should().Equal(8, 4); // 4 + 3 + 3 + 3 = 13 to 6: 8.21, 3.79
    }

    [Fact]
    public void Shares_OfEveryShape_AreDensityTimesWeights()
    {
        foreach (var shape in shapes[..5])
        {
            double a = shape[0], b = shape[1], kernel = shape[2..].Aggregate(1.0, (x, y) => x * y), weights = a * b * kernel;

            ((double)LayerShares.Uniform(shape)).Should().Be(weights);
            (LayerShares.ErdosRenyi(shape) / weights).Should().BeApproximately((a + b) / (a * b), 1e-12);
            (LayerShares.ErdosRenyiKernel(shape) / weights).Should().BeApproximately((a + b + shape[2..].Sum()) / weights, 1e-12);
        }
    }

    [Fact]
    public void Select_AShareLargerThanItsLayer_FillsTheLayerAndGoesOnToTheOthers()
    {
        // Shares 2 : 20 of 51: the first wants 4.6 of its one weight.
        Counts(PruningScope.ErdosRenyi, [[1, 1], [10, 10]], 0.5).Should().Equal(1, 50);
    }

    [Fact]
    public void Select_EveryDensity_KeepsExactlyTheRoundedTotal()
    {
        long total = shapes.Sum(shape => shape.Aggregate(1L, (a, b) => a * b));
        foreach (var scope in scopes)
        {
            for (var kept = 0; kept <= total; kept += 7)
                Counts(scope, shapes, (double)kept / total).Sum().Should().Be(kept, "{0}", scope);
            Counts(scope, shapes, 1).Sum().Should().Be(total);
        }
    }

    [Fact]
    public void Select_EachLayer_KeepsItsBestScores()
    {
        foreach (var scope in scopes)
        {
            var parameters = Parameters(shapes);

            var masks = scope.Select(parameters, 0.37);

            for (var i = 0; i < masks.Count; i++)
            {
                masks[i].shape.Should().Equal(shapes[i]);
                masks[i].bytes.ToArray().Should().Equal(Rankings.StableSort([parameters[i]], (int)masks[i].Kept()));
            }
        }
    }

    [Fact]
    public void Select_RoundAfterRound_OnlyShrinksAndIsExact()
    {
        foreach (var scope in scopes)
        {
            var random = new Random(3);
            var alive = Parameters(shapes).Select(p => p.Alive).ToList();
            long total = alive.Sum(mask => mask.numel());
            foreach (var density in SparsitySchedule.Exponential.Plan(25, 0.004))
            {
                var parameters = shapes.Select((shape, i) => Rankings.Random($"p{i}", shape, random) with { Alive = alive[i] }).ToList();
                var next = scope.Select(parameters, density);

                next.Zip(alive).Should().OnlyContain(pair => !pair.First.logical_and(pair.Second.logical_not()).any().ToBoolean());
                next.Sum(mask => mask.Kept()).Should().Be(new KeepCount(density).Of(total), "{0} at {1}", scope, density);
                alive = [.. next];
            }
        }
    }

    [Fact]
    public void Select_WeightsPrunedBefore_LimitALayer()
    {
        // Two of four alive here and all four there: of the even halves 3 and 3 the first has two only.
        var masks = PruningScope.Uniform.Select(
            [Rankings.Scored("a", [1, 2, 3, 4], [0, 1, 0, 1]).In(4, 1), Rankings.Scored("b", [4, 3, 2, 1]).In(4, 1)], 6.0 / 8);

        masks[0].bytes.ToArray().Should().Equal(0, 1, 0, 1);
        masks[1].bytes.ToArray().Should().Equal(1, 1, 1, 1);
    }

    [Fact]
    public void Select_FewerAliveThanAsked_KeepsAllOfThem()
    {
        foreach (var scope in scopes)
        {
            var masks = scope.Select([Rankings.Scored("a", [9, 9], [0, 1]).In(2, 1), Rankings.Scored("b", [1, 9], [1, 0]).In(2, 1)], 0.9);

            masks.SelectMany(mask => mask.bytes.ToArray()).Should().Equal(0, 1, 1, 0);
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void Select_NonFiniteScoreOfALiveWeight_NamesTheParameterAndLeaksNothing(double value)
    {
        foreach (var scope in scopes.Append(PruningScope.Global.WithMinimumDensity(0.1)).Append(PruningScope.Uniform.WithMinimumDensity(0.1)))
        {
            ScoredParameter[] parameters = [Rankings.Scored("good.weight", [1, 2]).In(2, 1), Rankings.Scored("bad.weight", [1, value, 2, 3]).In(2, 2)];
            var act = () => scope.Select(parameters, 0.5);

            act.Should().Throw<NonFiniteScoreException>().Which.Parameter.Should().Be("bad.weight");
            LiveTensors.LeftBy(() => act.Should().Throw<NonFiniteScoreException>()).Should().Be(0);
        }
    }

    [Fact]
    public void Select_Repeated_LeavesOnlyItsMasksAlive()
    {
        var parameters = Parameters(shapes);
        foreach (var scope in scopes.Append(PruningScope.Global.WithMinimumDensity(0.1)).Append(PruningScope.LayerWise.WithMinimumDensity(0)))
        {
            LiveTensors.LeftBy(() =>
            {
                foreach (var mask in scope.Select(parameters, 0.3)) mask.Dispose();
            }).Should().Be(0);
        }
    }

    [Fact]
    public void ToString_BuiltIn_IsTheNameForTheMetadata() =>
        scopes.Select(scope => scope.ToString()).Should().Equal("uniform", "erdos-renyi", "erdos-renyi-kernel");

    private static long[] Counts(PruningScope scope, long[][] of, double density) =>
        [.. scope.Select(Parameters(of), density).Select(mask => mask.Kept())];

    private static List<ScoredParameter> Parameters(long[][] of)
    {
        var random = new Random(7);
        return [.. of.Select((shape, i) => Rankings.Random($"p{i}", shape, random))];
    }
}

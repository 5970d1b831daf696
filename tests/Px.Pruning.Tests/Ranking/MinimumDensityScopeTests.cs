using System.Text.RegularExpressions;
using Px.Pruning.Ranking;
using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Networks;

namespace Px.Pruning.Tests.Ranking;

public sealed class MinimumDensityScopeTests : LeakCheckedTests
{
    private static readonly PruningScope[] inner =
        [PruningScope.Global, PruningScope.LayerWise, PruningScope.Uniform, PruningScope.ErdosRenyi, PruningScope.ErdosRenyiKernel];

    private static readonly long[][] shapes = [[8, 3, 3, 3], [2, 2], [16, 8], [1, 1], [0, 3]];

    [Fact]
    public void Select_Global_KeepsTheBestOfALayerThatOneThresholdWouldEmpty()
    {
        ScoredParameter[] parameters =
            [Rankings.Scored("large", [9, 8, 7, 6]).In(2, 2), Rankings.Scored("small", [1, 3, 2, 1, 0]).In(5, 1)];

        PruningScope.Global.Select(parameters, 4.0 / 9)[1].Kept().Should().Be(0);
        var masks = PruningScope.Global.WithMinimumDensity(0.4).Select(parameters, 4.0 / 9);

        masks[0].bytes.ToArray().Should().Equal(1, 1, 0, 0);
        masks[1].bytes.ToArray().Should().Equal(0, 1, 1, 0, 0);
    }

    [Fact]
    public void Select_Global_IsOneThresholdForEverythingAboveTheFloors()
    {
        var random = new Random(5);
        for (var trial = 0; trial < 60; trial++)
        {
            var parameters = shapes.Select((shape, i) => Rankings.Random($"p{i}", shape, random)).ToList();
            foreach (var (minimum, density) in new[] { (0, 0.05), (0.05, 0.1), (0.3, 0.4), (0.3, 0.9), (0.5, 1) })
            {
                var masks = PruningScope.Global.WithMinimumDensity(minimum).Select(parameters, density);

                masks.SelectMany(mask => mask.bytes.ToArray()).Should().Equal(Greedy(parameters, minimum, density));
            }
        }
    }

    [Fact]
    public void Select_AnyScope_KeepsTheFloorsAndTheExactTotalRoundAfterRound()
    {
        long total = shapes.Sum(shape => shape.Aggregate(1L, (a, b) => a * b));
        foreach (var scope in inner)
        {
            var random = new Random(9);
            var floored = scope.WithMinimumDensity(0.03);
            var alive = shapes.Select((shape, i) => Rankings.Random($"p{i}", shape, random).Alive).ToList();
            foreach (var density in SparsitySchedule.Exponential.Plan(9, 0.05))
            {
                var parameters = shapes.Select((shape, i) => Rankings.Random($"p{i}", shape, random) with { Alive = alive[i] }).ToList();
                alive = [.. floored.Select(parameters, density)];

                alive.Sum(mask => mask.Kept()).Should().Be(new KeepCount(density).Of(total), "{0} at {1}", floored, density);
                for (var i = 0; i < alive.Count; i++)
                    alive[i].Kept().Should().BeGreaterThanOrEqualTo(Floor(alive[i].numel(), 0.03), "{0} in layer {1}", floored, i);
            }
        }
    }

    [Fact]
    public void Select_ErdosRenyi_DividesTheRestInProportion()
    {
        // Shares 20, 40 and 20 of 40 weights: 10, 20, 10. The first must keep 25, so that 15 are left for 40 : 20.
        long[][] three = [[10, 10], [20, 20], [10, 10]];
        var parameters = three.Select((shape, i) => Rankings.Random($"p{i}", shape, new Random(1))).ToList();
        var masks = PruningScope.ErdosRenyi.Select(parameters, new KeepCount(40 / 600.0), [25, 0, 0]);

        masks.Select(mask => mask.Kept()).Should().Equal(25, 10, 5);
    }

    [Fact]
    public void Select_LayerWise_BecomesUniform()
    {
        var parameters = shapes.Select((shape, i) => Rankings.Random($"p{i}", shape, new Random(i))).ToList();

        var masks = PruningScope.LayerWise.WithMinimumDensity(0.02).Select(parameters, 0.11);
        var uniform = PruningScope.Uniform.WithMinimumDensity(0.02).Select(parameters, 0.11);

        masks.SelectMany(mask => mask.bytes.ToArray()).Should().Equal(uniform.SelectMany(mask => mask.bytes.ToArray()));
    }

    [Fact]
    public void WithMinimumDensity_Twice_KeepsTheLargerFloor()
    {
        ScoredParameter[] parameters = [Rankings.Scored("a", [9, 8, 7, 6]).In(2, 2), Rankings.Scored("b", [1, 3, 2, 1]).In(2, 2)];
        foreach (var scope in new[]
                 {
                     PruningScope.Global.WithMinimumDensity(0.5).WithMinimumDensity(0), PruningScope.Global.WithMinimumDensity(0).WithMinimumDensity(0.5),
                 })
        {
            scope.Select(parameters, 0.5)[1].bytes.ToArray().Should().Equal(0, 1, 1, 0);
            scope.Invoking(s => s.Check([("a", 4), ("b", 4)], new KeepCount(0.3))).Should().Throw<ArgumentException>();
        }
    }

    [Fact]
    public void Check_FloorsThatDoNotFit_NameTheNumbersAndARemedyThatFits()
    {
        (string, long)[] layers = [("a", 1000), ("b", 10), ("c", 3)];
        var scope = PruningScope.Global.WithMinimumDensity(0.05); // 50 + 1 + 1
        scope.Check(layers, new KeepCount(52 / 1013.0));

        var message = scope.Invoking(s => s.Check(layers, new KeepCount(51 / 1013.0))).Should().Throw<ArgumentException>().Which.Message;

        message.Should().Contain("density of 0.05 keeps 52 weights in 3 layers").And.Contain("only 51 of 1,013 remain");
        var remedy = double.Parse(Regex.Match(message, @"at most to sparsity (0\.\d+)").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        scope.Check(layers, new KeepCount(1 - remedy));
    }

    [Fact]
    public void Check_LayersWithoutWeights_NeedNone() =>
        PruningScope.Uniform.WithMinimumDensity(0).Check([("a", 0), ("b", 0), ("c", 4)], new KeepCount(0.25));

    [Fact]
    public void Prune_FloorsThatDoNotFit_IsRefusedBeforeTheModelIsTouched()
    {
        using var model = new ConvNet();
        var before = ModelState.Of(model);
        var options = new PruningOptions { Scope = PruningScope.Global.WithMinimumDensity(0.2) };

        FluentActions.Invoking(() => new MagnitudePruner().Prune(model, sparsity: 0.9, options)).Should().Throw<ArgumentException>().WithMessage("*0.2*");
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Prune_WithAMinimum_EmptiesNoLayerAndSaysSoInTheMetadata()
    {
        foreach (var scope in inner)
        {
            using var model = new ConvNet();
            var options = new PruningOptions { Scope = scope.WithMinimumDensity(0.005), Rounds = 3, Seed = 2 };
            using var result = new RandomPruner().Prune(model, sparsity: 0.99, options);

            result.Report.CollapsedLayers.Should().BeEmpty();
            result.Mask.Kept.Should().Be(new KeepCount(0.01).Of(result.Mask.Total));
            result.Mask.Metadata["scope"].Should().Be($"{scope}, minimum density 0.005");
        }
    }

    [Theory]
    [InlineData(-0.01)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void WithMinimumDensity_OutsideItsRange_Throws(double minimum) =>
        PruningScope.Global.Invoking(scope => scope.WithMinimumDensity(minimum)).Should().Throw<ArgumentOutOfRangeException>();

    private static long Floor(long weights, double minimum) => Math.Min(weights, Math.Max(1, (long)Math.Round(minimum * weights, MidpointRounding.AwayFromZero)));

    /// <summary>Walks down one sorted list, once for the floors and once for the rest.</summary>
    private static byte[] Greedy(List<ScoredParameter> parameters, double minimum, double density)
    {
        var all = parameters.SelectMany((p, layer) => (p.Scores.numel() == 0 ? [] : p.Scores.data<double>().ToArray()).Select(score => (score, layer))).ToList();
        var order = Enumerable.Range(0, all.Count).OrderByDescending(i => all[i].score).ToList();
        var needed = parameters.Select(p => Floor(p.Scores.numel(), minimum)).ToArray();
        var kept = new byte[all.Count];
        foreach (var i in order.Where(i => needed[all[i].layer]-- > 0)) kept[i] = 1;
        var left = new KeepCount(density).Of(all.Count) - kept.Count(k => k == 1);
        foreach (var i in order.Where(i => kept[i] == 0).Take((int)left).ToList()) kept[i] = 1;
        return kept;
    }
}

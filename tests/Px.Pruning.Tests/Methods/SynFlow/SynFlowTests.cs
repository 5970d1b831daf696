using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Reference;
using Px.Pruning.Tests.Reference.Parity;
using Px.Pruning.Tests.Reference.Paths;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.SynFlow;

/// <summary>SynFlow and its relatives against the list of all paths, and what their theory says.</summary>
public class SynFlowTests
{
    public static TheoryData<string, bool> Cases => EnumerationParityTests.Cases();

    [Theory, MemberData(nameof(Cases))]
    public void Score_SynFlow_IsTheSumOfAbsolutePathValues(string name, bool masked) =>
        Compare(name, masked, new SynFlowPruner(), (paths, j) => Through(paths, j).Sum(p => Math.Abs(paths.Value(p))));

    [Theory, MemberData(nameof(Cases))]
    public void Score_SynFlowL2_IsTheSumOfSquaredPathValues(string name, bool masked) =>
        Compare(name, masked, new SynFlowL2Pruner(), (paths, j) => Through(paths, j).Sum(p => paths.Value(p) * paths.Value(p)));

    [Theory, MemberData(nameof(Cases))]
    public void Score_SynFlowL2Absolute_DividesByTheWeight(string name, bool masked) =>
        Compare(name, masked, new SynFlowL2Pruner { Weighting = PxWeighting.Absolute }, (paths, j) =>
            paths.Theta[j] == 0 ? 0 : Through(paths, j).Sum(p => paths.Value(p) * paths.Value(p)) / Math.Abs(paths.Theta[j]));

    [Theory, MemberData(nameof(Cases))]
    public void Score_LogSynFlow_IsTheLogarithmOfPathsWithoutScales(string name, bool masked) =>
        Compare(name, masked, new LogSynFlowPruner(), (paths, j) =>
        {
            if (paths.Theta[j] == 0) return 0;
            var gradient = Through(paths, j).Sum(p => p.Weights.Aggregate(1.0, (value, weight) => value * Math.Abs(paths.Theta[weight]))) / Math.Abs(paths.Theta[j]);
            return Math.Abs(paths.Theta[j]) * Math.Log(1 + gradient);
        });

    /// <summary>Two ways to the same mask: rounds in one call, and single rounds that carry the mask on.</summary>
    [Fact]
    public void Prune_RoundsInOneCall_KeepWhatSingleRoundsKeep()
    {
        using var model = new ResidualNet(functionalTail: false);
        var data = PruningData.Shape(3, 24, 24);
        double[] densities = [.. Enumerable.Range(1, 4).Select(round => Math.Pow(0.2, round / 4.0))];

        PruningMask? mask = null;
        foreach (double density in densities)
        {
            using var scores = new SynFlowPruner().Score(model, data, mask);
            long total = scores.Names.Sum(name => scores[name].numel()), kept = (long)Math.Round(density * total);
            using var all = cat([.. scores.Names.Select(name => scores[name].flatten())]);
            double threshold = all.sort(descending: true).Values[kept - 1].ToDouble();
            mask?.Dispose();
            mask = new PruningMask(scores.Names.Select(name => KeyValuePair.Create(name, scores[name].ge(threshold))));
        }

        using var result = new SynFlowPruner().Prune(model, data, 0.8, new PruningOptions { Rounds = 4 });
        using (mask) foreach (string name in mask!.Names) result.Mask[name].eq(mask[name]).all().ToBoolean().Should().BeTrue(name);
    }

    [Fact]
    public void Score_PxWithoutItsDataTermOnRunningStatistics_IsSynFlowL2()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet().to(float64);
        Samples.Disturb(model);
        var data = PruningData.From([Samples.Normal(8, [3, 8, 8], dtype: ScalarType.Float64)]);
        var ablated = new PathExclusionPruner { Objective = PxObjective.KernelOnly, NormStatistics = NormStatistics.Running };

        using var px = ablated.Score(model, data);
        using var flow = new SynFlowL2Pruner().Score(model, PruningData.Shape(3, 8, 8));
        using var full = new PathExclusionPruner { NormStatistics = NormStatistics.Running }.Score(model, data);

        foreach (string name in flow.Names) px[name].allclose(flow[name], 1e-13, 0).Should().BeTrue(name);
        full["conv1.weight"].allclose(flow["conv1.weight"], 1e-3, 0).Should().BeFalse("the data term is there otherwise");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Score_LayersInSeries_SumToTheFlow(int power)
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet(maxPool: false).to(float64);
        Samples.Disturb(model);
        IPruner pruner = power == 1 ? new SynFlowPruner() : new SynFlowL2Pruner();

        using var scores = pruner.Score(model, PruningData.Shape(3, 8, 8));

        var sums = scores.Names.Select(name => scores[name].sum().ToDouble()).ToList();
        sums.Should().HaveCount(3).And.OnlyContain(sum => sum > 0 && Math.Abs(sum / sums[0] - 1) < 1e-12);
    }

    /// <summary>A chain whose flow exceeds float64, 250 layers of width 64: its weights scaled down by powers of two give the same ranking without range tricks.</summary>
    [Fact]
    public void Score_FlowBeyondFloat64_RanksAsExactArithmetic()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var layers = Enumerable.Range(0, 250).Select(_ => (Module<Tensor, Tensor>)Linear(64, 64, hasBias: false)).ToArray();
        using var model = Sequential(layers).to(float64);
        using (no_grad()) foreach (var parameter in model.parameters()) parameter.uniform_(-4, 4);

        using var beyond = new SynFlowPruner().Score(model, PruningData.Shape(64));
        using var log = new LogSynFlowPruner().Score(model, PruningData.Shape(64));
        using (no_grad()) foreach (var parameter in model.parameters()) parameter.mul_(Math.ScaleB(1, -7));
        using var within = new SynFlowPruner().Score(model, PruningData.Shape(64));

        beyond.Exponent.Should().BeGreaterThan(1024);
        within.Exponent.Should().Be(0);
        int taken = 250 * 7 - beyond.Exponent;
        foreach (string name in within.Names)
            (beyond[name] * Math.ScaleB(1, -taken)).allclose(within[name], 1e-11, 0).Should().BeTrue(name);
        double largest = log["0.weight"].max().ToDouble();
        largest.Should().BeInRange(4 * 1024 * Math.Log(2), 4 * 2100 * Math.Log(2), "|θ| is up to 4 and the gradient between 2^1024 and 2^2100");
    }

    /// <summary>Squared weights of small layers shrink the flow below float64's normal range, here to 2^-1080 after 200 layers.</summary>
    [Fact]
    public void Score_FlowBelowFloat64_IsConservedAllTheSame()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var layers = Enumerable.Range(0, 200).Select(_ => (Module<Tensor, Tensor>)Linear(4, 4, hasBias: false)).ToArray();
        using var model = Sequential(layers).to(float64);
        using (no_grad()) foreach (var parameter in model.parameters()) parameter.uniform_(-0.1, 0.1);

        using var scores = new SynFlowL2Pruner().Score(model, PruningData.Shape(4));

        scores.Exponent.Should().BeNegative();
        var sums = scores.Names.Select(name => scores[name].sum().ToDouble()).ToList();
        sums.Should().HaveCount(200).And.OnlyContain(sum => sum > 0 && Math.Abs(sum / sums[0] - 1) < 1e-9);
    }

    [Theory]
    [InlineData("SynFlow")]
    [InlineData("SynFlow-L2")]
    [InlineData("LogSynFlow")]
    [InlineData("NTK-SAP")]
    public void Prune_WithoutAnyShape_SaysHowToGiveOne(string name)
    {
        using var model = new ConvNet();

        var act = () => AllPruners.Get(name).Prune(model, PruningData.None, 0.5);

        act.Should().Throw<ArgumentException>().WithMessage("*PruningData.Shape*");
    }

    private static IEnumerable<NetworkPath> Through(PathEnumeration paths, int weight) => paths.Paths.Where(p => p.Weights.Contains(weight));

    private static void Compare(string name, bool masked, IPruner pruner, Func<PathEnumeration, int, double> score)
    {
        using var scope = NewDisposeScope();
        using var tiny = TinyNetwork.Create(name);
        var kept = masked ? tiny.SomeMask() : null;
        using var mask = kept is null ? null : new PruningMask(tiny.Layers.Select(layer => KeyValuePair.Create(
            layer.Name,
            tensor(kept[layer.First..(layer.First + layer.Count)]).reshape(tiny.Model.get_parameter(layer.Name)!.shape))));
        var paths = new PathEnumeration(tiny.Graph, kept);

        using var scores = pruner.Score(tiny.Model, PruningData.Shape(tiny.InputShape), mask);

        foreach (var (layer, first, count) in tiny.Layers)
        {
            var actual = ScoreComparison.Values(scores, layer);
            for (int i = 0; i < count; i++)
            {
                double expected = score(paths, first + i);
                ScoreComparison.Close(actual[i] * Math.ScaleB(1, scores.Exponent), expected, Tolerance.Float64 * expected, $"{layer}[{i}]");
            }
        }
    }
}

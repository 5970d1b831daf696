using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;
using Px.Pruning.Methods.Phew;
using Px.Pruning.Models;
using Px.Pruning.Tests.Engine.Wiring;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.Phew;

public sealed class PhewPrunerTests
{
    private static readonly PruningOptions seeded = new() { Seed = 3 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Walk_ManyTimes_TakesEveryStepAsOftenAsItsProbabilitySays(bool forward)
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using var model = Sequential(Conv2d(2, 3, 2, bias: false), Flatten(), Linear(12, 2, hasBias: false));
        using var network = new Network(model, ParameterSelection.Default);
        network.Probe(ones(1, 2, 3, 3));
        var direction = new WalkDirection(UnitGraph.Of(network, default), new WalkWeights(network, null), forward);
        var random = new SplitMix64(4, "chi-square");
        const int walks = 20_000;
        var counts = new Dictionary<(int Conv, int Fc), int>();

        for (int i = 0; i < walks; i++)
        {
            var path = new int[2];
            direction.Walk(random, i % direction.Starts.Count, (slot, weight) => path[slot.Index] = weight);
            counts[(path[0], path[1])] = counts.GetValueOrDefault((path[0], path[1])) + 1;
        }

        var expected = forward ? ForwardPaths(network) : BackwardPaths(network);
        expected.Values.Sum().Should().BeApproximately(1, 1e-9);
        counts.Keys.Should().BeSubsetOf(expected.Keys);
        double chiSquare = expected.Sum(path => Math.Pow(counts.GetValueOrDefault(path.Key) - walks * path.Value, 2) / (walks * path.Value));
        double freedom = expected.Count - 1;
        // The statistic's mean is its degrees of freedom, its variance twice that.
        chiSquare.Should().BeInRange(freedom - 4 * Math.Sqrt(2 * freedom), freedom + 4 * Math.Sqrt(2 * freedom));
    }

    [Theory]
    [InlineData(0.9)]
    [InlineData(0.98)]
    public void Prune_ResNet20_KeepsAPathThroughEveryKeptWeightAndEveryOutput(double sparsity)
    {
        using var model = CifarResNet.Create(new CifarResNetOptions());
        using var result = new PhewPruner().Prune(model, PruningData.Shape(3, 32, 32), sparsity, seeded);

        var (onPath, outputs) = OnPaths(model, result.Mask, [3, 32, 32]);

        // The last walk is cut: it has at most one weight a layer.
        (result.Mask.Kept - onPath).Should().BeInRange(0, 19);
        outputs.Should().Be(10, "walks start from every output unit");
        result.Report.Layers.Should().OnlyContain(layer => layer.Kept > 0);
    }

    [Fact]
    public void Prune_SecondRound_WalksOnSurvivorsOnly()
    {
        using var model = CifarResNet.Create(new CifarResNetOptions());
        using var result = new PhewPruner().Prune(model, PruningData.Shape(3, 32, 32), 0.99, seeded with { Rounds = 4 });

        var (onPath, outputs) = OnPaths(model, result.Mask, [3, 32, 32]);

        (result.Mask.Kept - onPath).Should().BeInRange(0, 19);
        outputs.Should().Be(10);
    }

    /// <summary>Where walks suffice, they make the mask without scoring the rest; second route: the ranking of all scores.</summary>
    [Theory]
    [InlineData(0.9)]
    [InlineData(0.1)]
    public void Prune_OneRound_KeepsTheLargestScores(double sparsity)
    {
        using var scope = NewDisposeScope();
        using var model = CifarResNet.Create(new CifarResNetOptions { Depth = 8, Width = 4 });
        using var scores = new PhewPruner().Score(model, PruningData.Shape(3, 16, 16), options: seeded);
        using var result = new PhewPruner().Prune(model, PruningData.Shape(3, 16, 16), sparsity, seeded);

        double smallest = scores.Names.SelectMany(name => scores[name].data<double>().ToArray()).OrderDescending().ElementAt((int)result.Mask.Kept - 1);
        foreach (string name in scores.Names)
            result.Mask[name].eq(scores[name].ge(smallest)).all().ToBoolean().Should().BeTrue(name);
    }

    [Fact]
    public void Score_WeightsOfOneWalk_AreConsecutive()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(Linear(4, 5), ReLU(), Linear(5, 6), ReLU(), Linear(6, 2));

        using var scores = new PhewPruner().Score(model, PruningData.Shape(4), options: seeded);

        // The first walk touches one weight a layer, in the order of the layers: N + 1, N, N - 1 with N = 20 + 30 + 12.
        scores.Names.Select(name => scores[name].max().ToDouble()).Should().Equal(63, 62, 61);
    }

    [Fact]
    public void Prune_LayerOfZeros_IsWalkedThroughAllTheSame()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        using (no_grad()) model.state_dict()["conv2.weight"].zero_();

        using var result = new PhewPruner().Prune(model, PruningData.Shape(3, 8, 8), 0.9, seeded);

        result.Report.Layers.Should().OnlyContain(layer => layer.Kept > 0);
        OnPaths(model, result.Mask, [3, 8, 8]).Outputs.Should().Be(4);
    }

    [Fact]
    public void Prune_UnusedLayer_IsKeptLast()
    {
        using var model = new SilentNet(silent: false);

        using var result = new PhewPruner().Prune(model, PruningData.Shape(3, 8, 8), 0.04, seeded with { Parameters = ParameterSelection.Default.IncludingUnused() });

        result.Mask.KeptIn("conv.weight").Should().Be(3 * 6 * 9);
        result.Mask.KeptIn("fc.weight").Should().Be(6 * 4);
        result.Mask.Kept.Should().Be((long)Math.Round(0.96 * (162 + 24 + 9)));
    }

    [Fact]
    public void Score_LayerScaled_ChangesNothing()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        using var plain = new PhewPruner().Score(model, PruningData.Shape(3, 8, 8), options: seeded);
        using (no_grad()) model.state_dict()["conv2.weight"].mul_(4);

        using var scaled = new PhewPruner().Score(model, PruningData.Shape(3, 8, 8), options: seeded);

        foreach (string name in plain.Names) scaled[name].allclose(plain[name], 1e-12, 0).Should().BeTrue(name);
    }

    [Fact]
    public void Prune_LayerLeftOut_IsWalkedThroughButNotCounted()
    {
        using var model = new ConvNet();
        var options = seeded with { Parameters = ParameterSelection.Default.Excluding("conv2.weight") };

        using var result = new PhewPruner().Prune(model, PruningData.Shape(3, 8, 8), 0.9, options);

        result.Mask.Names.Should().Equal("conv1.weight", "fc.weight");
        result.Mask.Kept.Should().Be((long)Math.Round(0.1 * (162 + 32)));
    }

    [Fact]
    public void Prune_UnitsThatLeadNowhere_AreNotEntered()
    {
        using var scope = NewDisposeScope();
        using var model = new GraphNet([("a", Conv2d(3, 4, 1)), ("b", Conv2d(2, 5, 1))], (call, x) => call("b", call("a", x).narrow(1, 0, 2)));

        using var result = new PhewPruner().Prune(model, PruningData.Shape(3, 4, 4), 0.5, seeded);

        // Walks can touch 6 weights of a and the 10 of b: all before any weight of the two channels that are cut off.
        result.Mask.Kept.Should().Be(11);
        result.Mask["a.weight"].narrow(0, 2, 2).sum().ToInt64().Should().Be(0);
        result.Mask.KeptIn("a.weight").Should().BePositive();
    }

    [Fact]
    public void Prune_LayerWise_FillsEachLayerToItsCount()
    {
        using var model = new ConvNet();

        using var result = new PhewPruner().Prune(model, PruningData.Shape(3, 8, 8), 0.75, seeded with { Scope = PruningScope.LayerWise });

        result.Report.Layers.Select(layer => layer.Kept).Should().Equal(
            [.. new[] { 162, 432, 32 }.Select(weights => (long)Math.Round(0.25 * weights, MidpointRounding.AwayFromZero))]);
    }

    [Fact]
    public void Prune_BFloat16Model_KeepsWhatItsFloat32TwinKeeps()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var rounded = new ConvNet().to(bfloat16);
        manual_seed(3);
        using var twin = new ConvNet().to(bfloat16).to(float32);

        using var result = new PhewPruner().Prune(rounded, PruningData.Shape(3, 8, 8), 0.8, seeded);
        using var expected = new PhewPruner().Prune(twin, PruningData.Shape(3, 8, 8), 0.8, seeded);

        result.Mask.Jaccard(expected.Mask).Should().Be(1);
    }

    [Fact]
    public void Prune_WithoutAShape_AsksForIt()
    {
        using var model = new ConvNet();

        var act = () => new PhewPruner().Prune(model, PruningData.None, 0.9);

        act.Should().Throw<ArgumentException>().WithMessage("*PruningData.Shape*");
    }

    [Fact]
    public void Prune_NetworkThatCallsForward_IsRefused()
    {
        using var model = new SilentNet(silent: true);

        var act = () => new PhewPruner().Prune(model, PruningData.Shape(3, 8, 8), 0.9);

        act.Should().Throw<UnsupportedModelException>().WithMessage("*'conv'*forward()*");
    }

    [Fact]
    public void Prune_GroupedShuffledGatedAndTransposed_KeepsAPathThroughEveryKeptWeight()
    {
        using var model = new GraphNet(
            [("a", Conv2d(4, 8, 3, padding: 1, groups: 2)), ("gate", Linear(8, 8)), ("deep", Conv2d(8, 8, 3, padding: 1, groups: 8)), ("b", Conv2d(16, 6, 1)), ("up", ConvTranspose2d(6, 4, 2, stride: 2, groups: 2))],
            (call, x) =>
            {
                var a = call("a", x).relu();
                var gated = a * call("gate", a.mean([2, 3])).sigmoid().reshape(-1, 8, 1, 1);
                return call("up", functional.gelu(call("b", cat([call("deep", gated), a], 1))));
            });

        using var result = new PhewPruner().Prune(model, PruningData.Shape(4, 6, 6), 0.8, seeded);

        var (onPath, outputs) = OnPaths(model, result.Mask, [4, 6, 6]);
        (result.Mask.Kept - onPath).Should().BeInRange(0, 4);
        outputs.Should().Be(4);
    }

    /// <summary>Kept weights that lie on a kept path, counted on the graph by two sweeps, and the output units that are reached.</summary>
    private static (long Weights, int Outputs) OnPaths(Module<Tensor, Tensor> model, PruningMask mask, long[] shape)
    {
        using var scope = NewDisposeScope();
        using var snapshot = new ModelSnapshot(model, null);
        using var network = new Network(model, ParameterSelection.Default);
        network.Probe(ones([1, .. shape]));
        var graph = UnitGraph.Of(network, default);
        var kept = network.Slots.ToDictionary(slot => slot, slot => mask[slot.Name].data<bool>().ToArray());
        var edges = (
            from call in Enumerable.Range(0, graph.Calls.Count)
            let grid = graph.Calls[call].Grid
            from input in Enumerable.Range(0, grid.Inputs)
            from output in Enumerable.Range(0, grid.Outputs)
            where input / grid.GroupInputs == output / grid.GroupOutputs
            from tap in Enumerable.Range(grid.Kernel(input, output) * grid.KernelSize, grid.KernelSize)
            where kept[graph.Calls[call].Slot][tap]
            select (Call: call, Input: input, Output: output, Tap: tap)).ToList();

        var reached = new HashSet<(int Port, int Unit)>();
        void Reach(int source, int unit) => reached.UnionWith(graph.Targets[source][unit].Select(link => (link.Port, link.Unit)));
        for (int unit = 0; unit < graph.SourceUnits[0]; unit++) Reach(0, unit);
        foreach (var edge in edges.Where(edge => reached.Contains((edge.Call, edge.Input)))) Reach(edge.Call + 1, edge.Output);
        var leads = new HashSet<(int Port, int Unit)>();
        void Lead(int target, int unit) => leads.UnionWith(graph.Sources[target][unit].Select(link => (link.Port, link.Unit)));
        for (int unit = 0; unit < graph.TargetUnits[^1]; unit++) Lead(graph.Calls.Count, unit);
        foreach (var edge in Enumerable.Reverse(edges).Where(edge => leads.Contains((edge.Call + 1, edge.Output)))) Lead(edge.Call, edge.Input);

        long onPath = edges.Count(edge => reached.Contains((edge.Call, edge.Input)) && leads.Contains((edge.Call + 1, edge.Output)));
        return (onPath, Enumerable.Range(0, graph.TargetUnits[^1]).Count(unit => reached.Contains((graph.Calls.Count, unit))));
    }

    /// <summary>Probability of each path input → conv tap → feature → output, from the definition: the channel's features as one kernel.</summary>
    private static Dictionary<(int, int), double> ForwardPaths(Network network)
    {
        var (conv, fc) = Magnitudes(network);
        var paths = new Dictionary<(int, int), double>();
        foreach (var (c, i, tap) in ConvTaps())
        foreach (var (o, f) in Features(c))
        {
            double step = conv[tap] / (from other in ConvTaps() where other.In == i select conv[other.Index]).Sum();
            double last = fc[o * 12 + f] / (from other in Features(c) select fc[other.Output * 12 + other.Feature]).Sum();
            paths[(tap, o * 12 + f)] = 0.5 * step * last;
        }

        return paths;
    }

    private static Dictionary<(int, int), double> BackwardPaths(Network network)
    {
        var (conv, fc) = Magnitudes(network);
        var paths = new Dictionary<(int, int), double>();
        foreach (var (c, i, tap) in ConvTaps())
        foreach (var (o, f) in Features(c))
        {
            double first = fc[o * 12 + f] / Enumerable.Range(0, 12).Sum(feature => fc[o * 12 + feature]);
            double step = conv[tap] / (from other in ConvTaps() where other.Out == c select conv[other.Index]).Sum();
            paths[(tap, o * 12 + f)] = 0.5 * first * step;
        }

        return paths;
    }

    private static (double[] Conv, double[] Fc) Magnitudes(Network network)
    {
        double[] Of(int slot) => network.Slots[slot].Layer.Weight.detach().abs().to(float64).data<double>().ToArray();
        return (Of(0), Of(1));
    }

    private static IEnumerable<(int Out, int In, int Index)> ConvTaps() =>
        from c in Enumerable.Range(0, 3) from i in Enumerable.Range(0, 2) from tap in Enumerable.Range(0, 4) select (c, i, (c * 2 + i) * 4 + tap);

    private static IEnumerable<(int Output, int Feature)> Features(int channel) =>
        from o in Enumerable.Range(0, 2) from f in Enumerable.Range(channel * 4, 4) select (o, f);
}

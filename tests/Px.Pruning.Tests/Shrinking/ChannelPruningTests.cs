using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Analysis;
using Px.Pruning.Tests.Engine.Wiring;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Shrinking;

/// <summary>Which channels go, on networks whose answers are obvious.</summary>
public sealed class ChannelPruningTests : IDisposable
{
    private static readonly ChannelOptions untimed = new() { Shrinking = new() { LatencyRuns = 0 } };
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    /// <summary>
    /// a has 4 channels of 3 weights, b 3 of 4, c 2 of 3: 2 · (12 + 12 + 6) = 60 FLOPs. Without a's first channel 2 · (9 + 9 + 6) = 48 stay,
    /// without b's first 2 · (12 + 8 + 4) = 48 too.
    /// </summary>
    [Theory]
    [InlineData(ChannelRanking.Sum, 1.2, 0.8, "123", "012", 48)]
    [InlineData(ChannelRanking.PerWeight, 1.2, 0.8, "0123", "12", 48)]       // 1 / 3 > 1.2 / 4
    [InlineData(ChannelRanking.RelativeToLayer, 0.5, 0.8, "123", "012", 48)] // 1 / 6.25 < 0.5 / (8.5 / 3)
    [InlineData(ChannelRanking.Sum, 0.5, 0.8, "0123", "12", 48)]
    [InlineData(ChannelRanking.LayerWise, 0.5, 0.8, "123", "012", 48)]       // a quarter < a third
    [InlineData(ChannelRanking.LayerWise, 0.5, 0.79, "123", "12", 38)]       // 2 · (9 + 6 + 4)
    [InlineData(ChannelRanking.Sum, 1.2, 0.62, "23", "12", 28)]              // 1, 1.2, 2, …: 2 · (6 + 4 + 4)
    [InlineData(ChannelRanking.Sum, 1.2, 0.2, "3", "2", 12)]                 // 2 · (3 + 1 + 2): one stays everywhere
    public void PruneChannels_ScoresOfRows_DecideByTheRanking(ChannelRanking ranking, double low, double share, string a, string b, long flops)
    {
        using var net = Chain();
        var (first, second) = (net.get_parameter("a.weight")!.detach().clone(), net.get_parameter("b.weight")!.detach().clone());
        var pruner = Rows(("a", [1, 2, 9, 13]), ("b", [low, 3, 5]));

        using var result = pruner.PruneChannels(net, PruningData.Shape(3), ChannelTarget.Flops(share), untimed with { Ranking = ranking });

        long[] keptA = [.. a.Select(unit => (long)(unit - '0'))], keptB = [.. b.Select(unit => (long)(unit - '0'))];
        net.get_parameter("a.weight")!.eq(first.index_select(0, tensor(keptA))).all().ToBoolean().Should().BeTrue();
        net.get_parameter("b.weight")!.eq(second.index_select(0, tensor(keptB)).index_select(1, tensor(keptA))).all().ToBoolean().Should().BeTrue();
        net.state_dict()["a.bias"].numel().Should().Be(keptA.Length);
        (result.Shrunk.FlopsBefore, result.Shrunk.Flops).Should().Be((60, flops));
        result.Model.Should().BeSameAs(net);
        result.Fixed.Should().ContainSingle().Which.Should().Match<UnremovedChannels>(u => u.Layer == "c" && u.Channels == 2 && u.Reason.Contains("output"));
        result.ToString().Should().Contain("the network's output stays: 2 of c.").And.Contain("of the FLOPs");
    }

    [Fact]
    public void PruneChannels_EveryTarget_CountsWhatItNames()
    {
        var pruner = Rows(("a", [1, 2, 9, 13]), ("b", [1.2, 3, 5]));
        (long, long) Kept(ChannelTarget target)
        {
            using var net = Chain();
            using var result = pruner.PruneChannels(net, PruningData.Shape(3), target, untimed with { Ranking = ChannelRanking.Sum });
            return (net.get_parameter("a.weight")!.shape[0], net.get_parameter("b.weight")!.shape[0]);
        }

        Kept(ChannelTarget.Channels(1)).Should().Be((4, 3));
        Kept(ChannelTarget.Channels(7 / 9.0)).Should().Be((3, 2));           // 4 + 3 + 2 channels
        Kept(ChannelTarget.Channels(0.77)).Should().Be((2, 2));
        Kept(ChannelTarget.Weights(19 / 30.0)).Should().Be((3, 2));          // 9 + 6 + 4 weights
        Kept(ChannelTarget.Weights(0.63)).Should().Be((2, 2));
    }

    [Theory]
    [InlineData(1, 1, 0.05, 2, 2)]
    [InlineData(8, 1, 0.5, 16, 16)]
    [InlineData(8, 1, 0.3, 8, 8)]
    [InlineData(6, 1, 0.2, 6, 12)]
    [InlineData(1, 5, 0.15, 5, 5)]
    public void PruneChannels_RoundingAndMinimum_HoldInEveryLayer(int roundTo, int minimum, double share, long most, long mostOfB)
    {
        using var net = Sequential(("a", Conv2d(8, 20, 1)), ("bn", BatchNorm2d(20)), ("b", Conv2d(20, 20, 1)), ("c", Conv2d(20, 8, 1)));
        using var result = new RandomPruner().PruneChannels(net, PruningData.Shape(8, 2, 2), ChannelTarget.Flops(share), untimed with
        {
            RoundTo = roundTo,
            MinimumPerLayer = minimum,
            Ranking = ChannelRanking.LayerWise,
            Scoring = new() { Seed = 1 },
        });

        long a = Shape(net, "a.weight")[0], b = Shape(net, "b.weight")[0];
        (a % roundTo, b % roundTo).Should().Be((0, 0));
        a.Should().BeInRange(minimum, most);
        b.Should().BeInRange(minimum, mostOfB);
        result.Shrunk.Flops.Should().Be(2 * 4 * ((8 * a) + (a * b) + (b * 8))).And.BeLessThanOrEqualTo((long)(share * result.Shrunk.FlopsBefore));
    }

    [Fact]
    public void PruneChannels_GroupedDepthwiseTransposedAndFlattened_GoTogether()
    {
        using var net = new GraphNet(
            [
                ("a", Conv2d(3, 6, 1)), ("depth", Conv2d(6, 12, 3, padding: 1, groups: 6)), ("groups", Conv2d(12, 8, 1, groups: 2)),
                ("up", ConvTranspose2d(8, 6, 2, stride: 2, groups: 2)), ("gn", Samples.FreshGroupNorm(3, 6)), ("fc", Linear(6 * 16, 5)), ("out", Linear(5, 2)),
            ],
            (call, x) => call("out", call("fc", call("gn", call("up", call("groups", call("depth", call("a", x)).relu_()))).relu_().flatten(1)).relu_()));
        var pruner = new CustomPruner("rows", context => context.Parameters.ToDictionary(p => p.Name, p => p.Weight.abs())) { UsesData = false };

        using var result = ShouldEqualMasked(net, [3, 2, 2], pruner, ChannelTarget.Weights(0.5), untimed);

        result.Fixed.Where(u => u.Layer == "out").Should().ContainSingle();
        Shape(result.Model, "a.weight")[0].Should().Be(6, "group norm of 2 channels joins the halves of 'up', so that nothing of it can go");
        Shape(result.Model, "fc.weight")[0].Should().BeLessThan(5);
    }

    [Fact]
    public void PruneChannels_Groups_GoAsAWhole()
    {
        using var net = Sequential(
            ("a", Conv2d(3, 12, 1)), ("groups", Conv2d(12, 8, 3, padding: 1, groups: 4)), ("up", ConvTranspose2d(8, 12, 2, stride: 2, groups: 4)),
            ("relu", ReLU()), ("b", Conv2d(12, 2, 1)));
        using var result = ShouldEqualMasked(net, [3, 4, 4], new MagnitudePruner(), ChannelTarget.Flops(0.6), untimed);

        Shape(result.Model, "a.weight")[0].Should().Be(6);
        Shape(result.Model, "groups.weight").Should().Equal(4, 3, 3, 3);
        Shape(result.Model, "up.weight").Should().Equal(4, 3, 2, 2);
        Shape(result.Model, "b.weight")[1].Should().Be(6);
    }

    [Fact]
    public void PruneChannels_SplitAndShuffleWithNumbersWritten_Stay()
    {
        using var net = new GraphNet([("a", Conv2d(3, 8, 1)), ("b", Conv2d(4, 8, 1)), ("c", Conv2d(4, 8, 1)), ("d", Conv2d(16, 6, 1)), ("e", Conv2d(6, 2, 1))],
            (call, x) =>
            {
                var halves = call("a", x).relu().chunk(2, 1);
                var joined = cat([call("b", halves[0]), call("c", halves[1])], 1).reshape(x.size(0), 2, 8, 4, 4).transpose(1, 2);
                return call("e", call("d", joined.reshape(x.size(0), 16, 4, 4)).relu_());
            });
        using var result = ShouldEqualMasked(net, [3, 4, 4], new MagnitudePruner(), ChannelTarget.Channels(0.95), untimed);

        foreach (string layer in new[] { "a", "b", "c" })
            result.Fixed.Where(u => u.Layer == layer && u.Reason.Contains("written")).Sum(u => u.Channels).Should().Be(8);
        Shape(result.Model, "d.weight")[0].Should().Be(4, "at most 30 of 32 channels stay");
    }

    [Fact]
    public void PruneChannels_LayersLeftOut_KeepInputsAndOutputs()
    {
        using var net = Chain();
        var options = untimed with { Shrinking = untimed.Shrinking with { Layers = ParameterSelection.Default.Excluding("b.*") } };

        var act = () => new MagnitudePruner().PruneChannels(net, PruningData.Shape(3), ChannelTarget.Flops(0.9), options);

        act.Should().Throw<ArgumentException>().WithMessage("*100 % stay*leaves 'b' out*");
    }

    [Fact]
    public void PruneChannels_UnitsThatFeedGatesAlone_StayForMethodsOfPaths()
    {
        Module<Tensor, Tensor> Net() => new GraphNet(
            [
                ("a", Conv2d(3, 8, 1)), ("relu", ReLU()), ("down", Linear(8, 4)), ("relu2", ReLU()), ("up", Linear(4, 8)), ("gate", Sigmoid()),
                ("b", Conv2d(8, 2, 3)),
            ],
            (call, x) =>
            {
                var a = call("relu", call("a", x));
                return call("b", a * call("gate", call("up", call("relu2", call("down", a.mean([2, 3]))))).unsqueeze(2).unsqueeze(3));
            });
        using var net = Net();
        using var other = Net();

        using var paths = ShouldEqualMasked(net, [3, 5, 5], new SynFlowPruner(), ChannelTarget.Weights(0.6), untimed);
        using var all = ShouldEqualMasked(other, [3, 5, 5], new MagnitudePruner(), ChannelTarget.Weights(0.2), untimed with { Ranking = ChannelRanking.LayerWise });

        paths.Fixed.Should().Contain(u => u.Layer == "down" && u.Channels == 4 && u.Reason.Contains("SynFlow scores none"));
        long kept = Shape(paths.Model, "a.weight")[0];
        kept.Should().BeLessThan(8);
        Shape(paths.Model, "up.weight").Should().Equal(kept, 4);
        Shape(all.Model, "down.weight")[0].Should().BeLessThan(4);
    }

    [Fact]
    public void PruneChannels_Rounds_ScoreTheRemainingNetworkDownASchedule()
    {
        using var net = Sequential(("a", Conv2d(3, 24, 3)), ("relu", ReLU()), ("b", Conv2d(24, 24, 3)), ("relu2", ReLU()), ("c", Conv2d(24, 4, 1)));
        var masks = new List<PruningMask>();
        var seen = new List<double>();
        var pruner = new CustomPruner("seen", context =>
        {
            seen.Add(context.Parameters.Sum(p => p.Mask.sum().ToDouble()));
            return context.Parameters.ToDictionary(p => p.Name, p => p.Weight.abs() + 0.1); // pruned weights would score, too
        })
        { UsesData = false };
        var scoring = new PruningOptions { Rounds = 4, Schedule = SparsitySchedule.Linear, RoundMasks = masks };

        using var result = pruner.PruneChannels(net, PruningData.Shape(3, 8, 8), ChannelTarget.Weights(0.2), untimed with { Scoring = scoring });

        long total = (3 * 24 * 9) + (24 * 24 * 9) + (24 * 4);
        masks.Should().HaveCount(4);
        seen.Should().Equal([total, .. masks.SkipLast(1).Select(mask => (double)mask.Kept)]);
        for (int round = 1; round <= 4; round++)
        {
            // A channel of a has 27 weights and 24 · 9 that read it, one of b at most 24 · 9 and 4.
            masks[round - 1].Kept.Should().BeInRange((long)((1 - (0.2 * round)) * total) - 243, (long)((1 - (0.2 * round)) * total) + 1);
            if (round > 1) masks[round - 1].Intersect(masks[round - 2]).Kept.Should().Be(masks[round - 1].Kept);
        }

        result.Mask.Kept.Should().Be(masks[3].Kept);
        net.named_parameters().Where(p => p.parameter.dim() > 1).Sum(p => p.parameter.numel()).Should().Be(result.Mask.Kept);
        masks.ForEach(mask => mask.Dispose());
    }

    private static long[] Shape(Module net, string name) => net.state_dict()[name].shape;

    private static Module<Tensor, Tensor> Chain() =>
        Sequential(("a", Linear(3, 4)), ("relu", ReLU()), ("b", Linear(4, 3)), ("relu2", ReLU()), ("c", Linear(3, 2)));

    /// <summary>Scores whose sums over the rows of a layer are given; other layers score 1.</summary>
    private static CustomPruner Rows(params (string Layer, double[] Sums)[] rows) => new("rows", context => context.Parameters.ToDictionary(
        p => p.Name,
        p => rows.FirstOrDefault(row => p.Name == row.Layer + ".weight").Sums is { } sums
            ? (tensor(sums) / p.Weight.shape[1]).unsqueeze(1).expand(p.Weight.shape)
            : ones(p.Weight.shape)))
    {
        UsesData = false,
    };

    /// <summary>Removes channels of a network with biases and statistics as after a training, and compares with the masked network.</summary>
    private static ChannelResult ShouldEqualMasked(
        Module<Tensor, Tensor> net, long[] shape, IPruner pruner, ChannelTarget target, ChannelOptions options)
    {
        net.to(ScalarType.Float64);
        Trained.Fill(net, 3);
        net.eval();
        using var noGrad = no_grad();
        var input = randn([5, .. shape], float64);
        using var mask = pruner.MaskChannels(net, PruningData.Shape(shape), target, options);
        var before = net.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        mask.Bind(net).Dispose();
        var masked = net.call(input);
        foreach (var (name, tensor) in net.state_dict()) tensor.copy_(before[name]);

        var result = pruner.PruneChannels(net, PruningData.Shape(shape), target, options);

        result.Mask.Names.Should().OnlyContain(name => result.Mask[name].eq(mask[name]).all().ToBoolean());
        (net.call(input) - masked).abs().max().ToDouble().Should().BeLessThan(1e-6 * masked.abs().max().ToDouble());
        return result;
    }
}

using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine.Wiring;

/// <summary>What the probe finds against what the code says: "a:1>b:2" is output unit 1 of a feeding input unit 2 of b.</summary>
public sealed class UnitGraphTests
{
    [Fact]
    public void Of_ConvThenFlatten_SendsEachChannelToItsFeatures()
    {
        var links = Links([3, 2, 2], [("conv", Conv2d(3, 2, 1)), ("bn", BatchNorm2d(2)), ("fc", Linear(8, 2))],
            (call, x) => call("fc", functional.relu(call("bn", call("conv", x))).flatten(1)));

        links.Should().BeEquivalentTo([.. Same("in", "conv", 3), .. Each(0, 4, "conv:0>fc:{0}"), .. Each(4, 8, "conv:1>fc:{0}"), .. Same("fc", "out", 2)]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_IdentityShortcuts_LeavesTheChainOfLayers(bool functionalTail)
    {
        using var model = new ResidualNet(functionalTail);

        string[] chain = ["conv", "blocks.0.conv1", "blocks.0.conv2", "blocks.1.conv1", "blocks.1.conv2", "fc"];
        Links(model, [3, 8, 8]).Should().BeEquivalentTo(
            [.. Same("in", "conv", 3), .. chain.Zip(chain.Skip(1)).SelectMany(pair => Same(pair.First, pair.Second, 6)), .. Same("fc", "out", 4)]);
    }

    [Fact]
    public void Of_ProjectionShortcut_IsAnAlternativeToItsBlock()
    {
        var links = Links([2, 4, 4], [("stem", Conv2d(2, 2, 1)), ("a", Conv2d(2, 3, 3, padding: 1)), ("b", Conv2d(3, 3, 1)), ("skip", Conv2d(2, 3, 1)), ("fc", Linear(3, 2))],
            (call, x) =>
            {
                x = call("stem", x).relu_();
                return call("fc", (call("b", call("a", x).relu()) + call("skip", x)).relu_().mean([2, 3]));
            });

        links.Should().BeEquivalentTo([
            .. Same("in", "stem", 2), .. Same("stem", "a", 2), .. Same("stem", "skip", 2), .. Same("a", "b", 3), .. Same("b", "fc", 3), .. Same("skip", "fc", 3), .. Same("fc", "out", 2)]);
    }

    [Fact]
    public void Of_ConcatenationAndChannelShuffle_FollowsEveryChannel()
    {
        var links = Links([2, 4, 4], [("a", Conv2d(2, 4, 1, groups: 2)), ("b", Conv2d(4, 2, 1)), ("up", ConvTranspose2d(6, 3, 2, stride: 2))],
            (call, x) =>
            {
                var a = call("a", x);
                var shuffled = a.reshape(-1, 2, 2, 4, 4).transpose(1, 2).reshape(-1, 4, 4, 4);
                return call("up", cat([call("b", shuffled), a], 1));
            });

        // [[0, 1], [2, 3]] transposed is 0, 2, 1, 3.
        links.Should().BeEquivalentTo([
            .. Same("in", "a", 2), "a:0>b:0", "a:2>b:1", "a:1>b:2", "a:3>b:3",
            .. Each(0, 2, "b:{0}>up:{0}"), "a:0>up:2", "a:1>up:3", "a:2>up:4", "a:3>up:5", .. Same("up", "out", 3)]);
    }

    [Fact]
    public void Of_SqueezeAndExcitation_LeadsThroughBoth()
    {
        var links = Links([2, 4, 4], [("a", Conv2d(2, 3, 1)), ("gate", Linear(3, 3)), ("b", Conv2d(3, 2, 1))],
            (call, x) =>
            {
                var a = call("a", x);
                return call("b", a * call("gate", a.mean([2, 3])).sigmoid().reshape(-1, 3, 1, 1));
            });

        links.Should().BeEquivalentTo([
            .. Same("in", "a", 2), .. Same("a", "gate", 3), .. Same("a", "b", 3), .. Same("gate", "b", 3), .. Same("b", "out", 2)]);
    }

    [Fact]
    public void Of_MeanOverChannels_JoinsAllOfThem()
    {
        var links = Links([2, 4, 4], [("a", Conv2d(2, 3, 1)), ("b", Conv2d(1, 2, 1))], (call, x) => call("b", call("a", x).mean([1], keepdim: true)));

        links.Should().BeEquivalentTo([.. Same("in", "a", 2), "a:0>b:0", "a:1>b:0", "a:2>b:0", .. Same("b", "out", 2)]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_CodeThatWritesIntoPartOfAMap_FollowsTheRest(bool adds)
    {
        var links = Links([2, 4, 4], [("a", Conv2d(2, 3, 1)), ("b", Conv2d(2, 3, 1)), ("c", Conv2d(3, 2, 1))],
            (call, x) =>
            {
                var (a, b) = (call("a", x), call("b", x));
                // Does not fail on a view that shows one number in many places, and would write to all of them.
                a.narrow(2, 0, 1).zero_();
                return call("c", adds ? a + b : a);
            });

        links.Should().BeEquivalentTo([.. Same("in", "a", 2), .. Same("in", "b", 2), .. Same("a", "c", 3), .. adds ? Same("b", "c", 3) : [], .. Same("c", "out", 2)]);
    }

    [Fact]
    public void Of_LayerCalledTwice_HasTwoCalls()
    {
        var links = Links([2], [("twice", Linear(2, 2)), ("last", Linear(2, 1))], (call, x) => call("last", call("twice", call("twice", x).relu()).relu()));

        links.Should().BeEquivalentTo([.. Same("in", "twice", 2), .. Same("twice", "twice", 2), .. Same("twice", "last", 2), "last:0>out:0"]);
    }

    [Fact]
    public void Of_FunctionalNormalisation_IsRefusedByTheNameOfTheLayerBehindIt()
    {
        var act = () => Links([2, 4, 4], [("a", Conv2d(2, 3, 1)), ("b", Conv2d(3, 2, 1))], (call, x) => call("b", (call("a", x) > 1e6).to(float32)));

        act.Should().Throw<UnsupportedModelException>().WithMessage("*'b'*").Which.Module.Should().Be("b");
    }

    [Fact]
    public void Of_CourseThatDependsOnValues_IsRefused()
    {
        var act = () => Links([2], [("a", Linear(2, 2)), ("b", Linear(2, 2))], (call, x) => x.sum().ToSingle() < 1 ? call("b", x) : call("b", call("a", x)));

        act.Should().Throw<UnsupportedModelException>().WithMessage("*course*");
    }

    private static IEnumerable<string> Same(string from, string to, int units) => Enumerable.Range(0, units).Select(unit => $"{from}:{unit}>{to}:{unit}");

    private static IEnumerable<string> Each(int first, int end, string text) => Enumerable.Range(first, end - first).Select(unit => string.Format(text, unit));

    private static List<string> Links(long[] shape, (string, Module<Tensor, Tensor>)[] layers, Func<Func<string, Tensor, Tensor>, Tensor, Tensor> code)
    {
        using var model = new GraphNet(layers, code);
        return Links(model, shape);
    }

    private static List<string> Links(Module<Tensor, Tensor> model, long[] shape)
    {
        using var scope = NewDisposeScope();
        model.eval();
        using var network = new Network(model, ParameterSelection.Default);
        network.Probe(ones([1, .. shape]));
        var graph = UnitGraph.Of(network, default);
        string Name(int call) => call < 0 ? "in" : call == graph.Calls.Count ? "out" : graph.Calls[call].Layer.Name;
        var links = new List<string>();
        for (int source = 0; source < graph.Targets.Length; source++)
        for (int unit = 0; unit < graph.Targets[source].Length; unit++)
        foreach (var link in graph.Targets[source][unit])
        {
            graph.Sources[link.Port][link.Unit].Should().Contain(new UnitLink(source, unit));
            links.Add($"{Name(source - 1)}:{unit}>{Name(link.Port)}:{link.Unit}");
        }

        graph.Sources.Sum(units => units.Sum(list => list.Length)).Should().Be(links.Count);
        return links;
    }
}

using Px.Pruning.Analysis;
using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Networks.Known;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.Gates;

/// <summary>MobileNetV3 from TorchVision and a vision transformer, pruned by the methods of paths.</summary>
public sealed class GatedModelTests
{
    private static readonly string[] methods = ["PX", "PX joint", "PX released", "SynFlow", "SynFlow-L2", "LogSynFlow", "PHEW"];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string model in (string[])["mobilenet_v3_small", "vit", "vit fused", "vit with a token"])
                foreach (string method in methods) cases.Add(model, method);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Prune_NetworkWithGates_KeepsTheExactCountOfWhatLiesOnPaths(string name, string method)
    {
        using var scope = NewDisposeScope();
        using var model = Create(name, out string[] whole, out long gateWeights);
        var before = ModelState.Of(model);
        var data = PruningData.From([Samples.Normal(4, [3, 32, 32])]);
        var pruner = AllPruners.Get(method);
        // LogSynFlow's scores hardly know how far a layer is pruned, and empty the patches in few rounds.
        int rounds = method == "LogSynFlow" ? 20 : Math.Min(2, pruner.DefaultRounds);

        using (var scores = pruner.Score(model, data))
            scores.Names.Should().OnlyContain(weight => scores[weight].isfinite().all().ToBoolean());
        ModelState.Of(model).ShouldEqual(before);
        using var result = pruner.Prune(model, data, 0.9, new PruningOptions { Rounds = rounds, Seed = 1 });

        result.Mask.Names.Intersect(whole).Should().BeEmpty();
        result.Report.GateWeights.Where(weights => !result.Mask.Contains(weights.Name)).Select(weights => weights.Name).Should().Equal(whole);
        result.Report.GateWeights.Sum(weights => weights.Total).Should().Be(gateWeights);
        long kept = gateWeights - whole.Sum(weight => model.get_parameter(weight)!.numel());
        (result.Mask.Kept - kept).Should().Be((long)Math.Round(0.1 * (result.Mask.Total - kept), MidpointRounding.AwayFromZero));
        result.Report.IsConnected.Should().BeTrue(result.Report.ToString());
        result.Binding.AssertHeld();
    }

    [Theory]
    [InlineData("vit")]
    [InlineData("vit fused")]
    public void Score_OfATransformer_IsThatOfItsTwinWhoseAttentionIsOnes(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Create(name, out _, out _);
        model.to(float64);

        using var scores = new SynFlowPruner().Score(model, PruningData.Shape(3, 32, 32));

        // By hand: |θ|, ones instead of the softmax, layer norm as |γ| = 1, GELU as the identity, no biases.
        var leaves = model.named_parameters().Where(p => p.parameter.dim() > 1).ToDictionary(p => p.name, p => p.parameter.detach().abs().requires_grad_());
        Tensor Linear(string layer, Tensor x) => functional.linear(x, leaves[layer + ".weight"]);
        var x = functional.conv2d(ones(1, 3, 32, 32, float64), leaves["patches.weight"], strides: [4, 4]).flatten(2).transpose(1, 2);
        for (int block = 0; block < 2; block++)
        {
            string at = $"blocks.{block}.";
            var v = leaves.ContainsKey(at + "attention.qkv.weight") ? Linear(at + "attention.qkv", x).chunk(3, 2)[2] : Linear(at + "attention.value", x);
            x = x + Linear(at + "attention.proj", v.sum([1], keepdim: true).expand_as(v));
            x = x + Linear(at + "fc2", Linear(at + "fc1", x));
        }

        Linear("head", x.mean([1])).sum().backward();
        foreach (string weight in scores.Names)
        {
            var expected = leaves[weight].detach() * leaves[weight].grad!;
            (scores[weight] * Math.ScaleB(1, scores.Exponent)).allclose(expected, 1e-10, 0).Should().BeTrue(weight);
        }
    }

    /// <summary>Without the weights that lie on no path, not even through a gate, the network is the same.</summary>
    [Theory]
    [InlineData("mobilenet_v3_small")]
    [InlineData("vit fused")]
    public void EffectiveMask_OfANetworkWithGates_KeepsWhatFeedsThem(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Create(name, out string[] whole, out _);

        using var mask = NetworkAnalysis.EffectiveMask(model, [3, 96, 96]);

        foreach (string weight in mask.Names) mask[weight].all().ToBoolean().Should().BeTrue(weight);
        mask.Names.Should().Contain(whole.Length > 0 ? whole : ["blocks.0.attention.qkv.weight"]);
        NetworkAnalysis.Analyze(model, [3, 96, 96]).PathsUnknown.Should().BeNull();
    }

    [Fact]
    public void Shrink_ChannelsThatAGateMultiplies_GoWithBothFactors()
    {
        using var scope = NewDisposeScope();
        using var net = GatedNet.Create("squeeze-excite");
        var model = net.Model;
        using (no_grad())
        {
            model.get_parameter("conv1.weight")![1].zero_();
            model.get_parameter("conv1.bias")![1].zero_();
        }

        var expected = model.call(net.Input);
        using var small = Shrinker.Shrink(model, net.InputShape);

        small.Layers.Single(layer => layer.Name == "conv1").Outputs.Should().Be(1);
        small.Layers.Single(layer => layer.Name == "fc2").Outputs.Should().Be(1);
        model.call(net.Input).allclose(expected, 1e-12, 1e-12).Should().BeTrue();
    }

    [Theory]
    [InlineData("squeeze-excite", "fc2", 0)]
    [InlineData("attention", "v", 1)]
    [InlineData("attention", "q", 0)]
    [InlineData("fused attention", "qkv", 4)]
    [InlineData("glu", "both", 1)]
    [InlineData("tanh", "gate", 0)]
    public void Shrink_OneFactorOfAProductDead_LeavesTheSameNetwork(string name, string layer, int unit)
    {
        using var scope = NewDisposeScope();
        using var net = GatedNet.Create(name);
        using (no_grad())
        {
            net.Model.get_parameter(layer + ".weight")![unit].zero_();
            net.Model.get_parameter(layer + ".bias")![unit].zero_();
        }

        net.Model.eval();
        var expected = net.Model.call(net.Input);
        using var small = Shrinker.Shrink(net.Model, net.InputShape);

        net.Model.call(net.Input).allclose(expected, 1e-12, 1e-12).Should().BeTrue();
    }

    /// <summary>Heads are numbers of channels written into the code, so that values stay; hidden units of the other half of a block go.</summary>
    [Theory]
    [InlineData("vit", "attention.value")]
    [InlineData("vit fused", "attention.qkv")]
    public void Shrink_ATransformer_RemovesWhatAttentionDoesNotReshape(string name, string values)
    {
        using var scope = NewDisposeScope();
        using var model = Create(name, out _, out _).to(float64);
        using (no_grad())
        {
            foreach (var (layer, unit) in ((string, int)[])[("fc1", 3), (values, name == "vit" ? 5 : 37)])
            {
                model.get_parameter($"blocks.0.{layer}.weight")![unit].zero_();
                model.get_parameter($"blocks.0.{layer}.bias")![unit].zero_();
            }
        }

        model.eval();
        var input = Samples.Normal(2, [3, 32, 32]).Input.to(float64);
        var expected = model.call(input);
        using var small = Shrinker.Shrink(model, [3, 32, 32]);

        small.Layers.Single(layer => layer.Name == "blocks.0.fc1").Outputs.Should().Be(31);
        small.Layers.Single(layer => layer.Name == "blocks.0." + values).Outputs.Should().Be(name == "vit" ? 16 : 48);
        model.call(input).allclose(expected, 1e-12, 1e-12).Should().BeTrue();
    }

    /// <summary>Through a softmax called as a function no signal of queries and keys is seen: all that could be wrong stays.</summary>
    [Fact]
    public void Shrink_AttentionOfFunctions_LeavesTheSameNetwork()
    {
        using var scope = NewDisposeScope();
        using var model = new FunctionalAttention();
        using (no_grad())
        {
            model.get_parameter("value.weight")![1].zero_();
            model.get_parameter("value.bias")![1].zero_();
        }

        var input = Samples.Normal(2, [3, 4]).Input.to(float64);
        var expected = model.call(input);
        using var small = Shrinker.Shrink(model, [3, 4]);

        model.call(input).allclose(expected, 1e-12, 1e-12).Should().BeTrue();
        small.Layers.Select(layer => (layer.Name, layer.Outputs)).Should().Equal(("query", 4), ("key", 4), ("value", 3), ("head", 4));
    }

    private sealed class FunctionalAttention : Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear query = Linear(4, 4), key = Linear(4, 4), value = Linear(4, 4), head = Linear(4, 4);

        internal FunctionalAttention() : base(nameof(FunctionalAttention))
        {
            RegisterComponents();
            this.to(float64);
        }

        public override Tensor forward(Tensor input)
        {
            var weights = functional.softmax(query.call(input).matmul(key.call(input).transpose(1, 2)) / 2, -1);
            return head.call(weights.matmul(value.call(input)));
        }
    }

    /// <summary>The weights that feed only gates: names of whole layers, and how many weights they are with those in parts of layers.</summary>
    private static Module<Tensor, Tensor> Create(string name, out string[] whole, out long gateWeights)
    {
        manual_seed(1);
        Module<Tensor, Tensor> model = name switch
        {
            "mobilenet_v3_small" => Narrow.By(4, torchvision.models.mobilenet_v3_small()),
            "vit" => new SmallTransformer(fused: false),
            "vit with a token" => new SmallTransformer(fused: false, patchesOfAnImage: 64),
            _ => new SmallTransformer(fused: true),
        };
        whole = [.. model.named_parameters().Where(p => p.parameter.dim() > 1).Select(p => p.name).Where(weight =>
            weight.Contains(".fc1.weight", StringComparison.Ordinal) && name == "mobilenet_v3_small"
            || weight.Contains(".fc2.weight", StringComparison.Ordinal) && name == "mobilenet_v3_small"
            || weight.Contains("query.weight", StringComparison.Ordinal) || weight.Contains("key.weight", StringComparison.Ordinal))];
        gateWeights = whole.Sum(weight => model.get_parameter(weight)!.numel());
        if (name == "vit fused") gateWeights = 2 * 2 * 16 * 16;
        return model;
    }
}

using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Analysis;
using Px.Pruning.Tests.Engine.Wiring;
using Px.Pruning.Tests.Masking;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Shrinking;

/// <summary>Networks whose training mode does what evaluation mode does not: shrunk, they must go on training like the masked network.</summary>
public sealed class TrainingCourseTests : IDisposable
{
    private static readonly ShrinkOptions untimed = new() { LatencyRuns = 0 };
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    /// <summary>Name; channels left of a, b and c; a word of the reason; the additional layers; the code in training mode.</summary>
    public static TheoryData<string, long[], string> Branches => new()
    {
        { nameof(AuxiliaryHead), [5, 6, 5], "'head'" },
        { nameof(HiddenHead), [6, 6, 5], "'hidden'" },
        { nameof(HeadOnDetached), [6, 6, 6], "'head' runs in training mode alone, on detached numbers" },
        { nameof(HeadOnHalfDetached), [6, 6, 6], "does not run in training mode" },
        { nameof(HeadByForward), [6, 6, 6], "'head' ran neither" },
        { nameof(RawWeight), [6, 6, 6], "does not run in training mode" },
        { nameof(OtherAddition), [6, 6, 5], "'c'" },
        { nameof(SkippedLayer), [6, 6, 5], "'c'" },
        { nameof(OtherLayer), [6, 6, 5], "'other'" },
        { nameof(LayerCalledAgain), [6, 6, 5], "'c'" },
        { nameof(NormInTraining), [5, 6, 5], "'norm'" },
        { nameof(NumbersWritten), [6, 6, 6], "does not run in training mode" },
        { nameof(TiedHead), [6, 6, 5], "shares a parameter" },
    };

    [Theory]
    [MemberData(nameof(Branches))]
    public void Shrink_BranchInTrainingAlone_TrainsOnLikeTheMaskedNetwork(string branch, long[] left, string reason)
    {
        using Net masked = Make(branch), net = Make(branch);
        Copy(masked, net);
        using PruningMask zeros = Zeros(masked);
        var input = randn(7, 3, 6, 6);

        using var small = Shrinker.Shrink(net, [3, 6, 6], untimed);

        new[] { "a", "b", "c" }.Select(name => net.get_parameter($"{name}.weight")!.shape[0]).Should().Equal(left);
        small.Unremoved.Should().Contain(u => u.Reason.Contains(reason));
        using var still = Zeros(net);
        foreach (bool training in new[] { true, false, true, true, false })
        {
            net.train(training);
            masked.train(training);
            Equal(net.call(input), masked.call(input));
            if (!training) continue;
            Equal(net.Auxiliary, masked.Auxiliary);
            Train(net, input, still);
            Train(masked, input, zeros);
        }
    }

    [Fact]
    public void Shrink_BranchInTraining_LeavesBuffersModesAndRandomState()
    {
        using var net = NormInTraining();
        net.register_buffer("seen", zeros(2));
        net.train();
        manual_seed(3);
        var expected = rand(2);
        manual_seed(3);

        Shrinker.Shrink(net, [3, 6, 6], untimed).Dispose();

        rand(2).eq(expected).all().ToBoolean().Should().BeTrue();
        net.get_buffer("seen")!.eq(0).all().ToBoolean().Should().BeTrue();
        net.modules().Should().OnlyContain(module => module.training);
        net.state_dict()["norm.running_mean"].eq(0).all().ToBoolean().Should().BeTrue();
    }

    [Fact]
    public void Shrink_LayerThatNothingCalls_KeepsAllUnlessItIsUnused()
    {
        using var net = new GraphNet([("a", Linear(3, 4)), ("b", Linear(4, 2)), ("spare", Linear(9, 9))], (call, x) => call("b", call("a", x)));
        net.ZeroInputs("b", 1);

        using (var kept = Shrinker.Shrink(net, [3], untimed))
            kept.Unremoved.Should().ContainSingle().Which.Should().Match<UnremovedChannels>(u => u.Layer == "a" && u.Reason.Contains("'spare' ran neither"));
        net.get_parameter("a.weight")!.shape[0].Should().Be(4);

        using var small = Shrinker.Shrink(net, [3], untimed with { IgnoresUncalledLayers = true });
        net.get_parameter("a.weight")!.shape[0].Should().Be(3);
    }

    [Fact]
    public void Shrink_BehindAFlag_KeepsWhatTheBranchReads()
    {
        bool flag = false;
        using var net = new GraphNet([("a", Linear(3, 4)), ("b", Linear(4, 2)), ("alone", Linear(4, 2))],
            (call, x) => flag ? call("alone", call("a", x)) : call("b", call("a", x)));
        net.ZeroInputs("b", 1);
        flag = true;
        var expected = net.call(ones(2, 3));
        flag = false;

        Shrinker.Shrink(net, [3], untimed).Dispose();

        flag = true;
        net.call(ones(2, 3)).eq(expected).all().ToBoolean().Should().BeTrue();
    }

    [Fact]
    public void Shrink_NetworkThatDoesNotTrain_IsShrunkForEvaluation()
    {
        GraphNet net = null!;
        net = new GraphNet([("a", Linear(3, 4)), ("b", Linear(4, 2))],
            (call, x) => net.training ? throw new NotSupportedException("for inference") : call("b", call("a", x)));
        using var _ = net;
        net.eval();
        net.ZeroInputs("b", 1);

        Shrinker.Shrink(net, [3], untimed).Dispose();

        net.get_parameter("a.weight")!.shape[0].Should().Be(3);
    }

    [Fact]
    public void Shrink_BlocksThatChanceSkips_LosesTheChannelsOfAll()
    {
        GraphNet net = null!;
        net = new GraphNet([("a", Conv2d(3, 6, 1)), ("b", Conv2d(6, 6, 1)), ("c", Conv2d(6, 2, 1))], (call, x) =>
        {
            x = call("a", x).relu();
            if (!net.training || rand(1).ToDouble() < 0.5) x = x + call("b", x);
            return call("c", functional.dropout(x, 0.5, net.training));
        });
        using var _ = net;
        net.ZeroInputs("c", 1, 3);
        net.ZeroInputs("b", 1, 3);

        Shrinker.Shrink(net, [3, 5, 5], untimed).Dispose();

        net.get_parameter("a.weight")!.shape[0].Should().Be(4);
        net.train();
        for (int i = 0; i < 8; i++) net.call(randn(2, 3, 5, 5)).sum().backward();
    }

    [Fact]
    public void Shrink_BranchInTraining_LeavesNoTensors() => LiveTensors.LeftBy(() =>
    {
        GraphNet net = null!;
        net = new GraphNet([("a", Linear(3, 4)), ("b", Linear(4, 2)), ("head", Linear(4, 2))], (call, x) =>
        {
            var h = call("a", x);
            return net.training ? call("b", h) + call("head", h) : call("b", h);
        });
        using var _ = net;
        using var forward = NewDisposeScope();
        net.ZeroInputs("b", 1);
        Shrinker.Shrink(net, [3], untimed).Dispose();
    }).Should().Be(0);

    private static void Equal(Tensor a, Tensor b) => (a - b).abs().max().ToDouble().Should().BeLessThan(1e-5 * (1 + b.abs().max().ToDouble()));

    private static void Copy(Net from, Net to)
    {
        using var noGrad = no_grad();
        var tensors = to.state_dict();
        foreach (var (name, tensor) in from.state_dict()) tensors[name].copy_(tensor);
    }

    private static PruningMask Zeros(Net net) => new(new[] { "a", "b", "c", "d" }.Select(name => $"{name}.weight")
        .Select(name => KeyValuePair.Create(name, net.get_parameter(name)!.detach().ne(0))));

    private static void Train(Net net, Tensor input, PruningMask mask)
    {
        net.zero_grad();
        using var optimizer = optim.SGD(net.parameters().DistinctBy(p => p.Handle), 0.01);
        using var binding = mask.Bind(net);
        (net.call(input).square().mean() + net.Auxiliary.square().mean()).backward();
        optimizer.step();
        binding.Apply(optimizer);
    }

    private static Net Make(string branch)
    {
        var make = typeof(TrainingCourseTests).GetMethod(branch, System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!;
        return (Net)make.Invoke(null, null)!;
    }

    private static Net AuxiliaryHead() => new([("head", Conv2d(6, 2, 1))], (net, a, b) => net.Note(net["head"].call(b), b));

    private static Net HiddenHead() => new([("hidden", Conv2d(12, 4, 1)), ("head", Conv2d(4, 2, 1))],
        (net, a, b) => net.Note(net["head"].call(net["hidden"].call(cat([a, b], 1))), b));

    private static Net HeadOnDetached() => new([("head", Conv2d(6, 2, 1))], (net, a, b) => net.Note(net["head"].call(b.detach()), b));

    private static Net HeadOnHalfDetached() => new([("head", Conv2d(12, 2, 1))],
        (net, a, b) => net.Note(net["head"].call(cat([a, b.detach()], 1)), b));

    private static Net HeadByForward() => new([("head", Conv2d(6, 2, 1))], (net, a, b) => net.Note(net["head"].forward(b), b));

    private static Net RawWeight()
    {
        var net = new Net([], (net, a, b) => net.Note(functional.conv2d(b, net.get_parameter("raw")!), b));
        net.register_parameter("raw", new(randn(2, 6, 1, 1)));
        return net;
    }

    private static Net OtherAddition() => new([], (net, a, b) => net.Note(b, a + b));

    private static Net SkippedLayer() => new([], (net, a, b) => net.Note(ones(1), a));

    private static Net OtherLayer() => new([("other", Conv2d(6, 6, 1))], (net, a, b) => net.Note(ones(1), net["other"].call(a)));

    private static Net LayerCalledAgain() => new([], (net, a, b) => net.Note(net["d"].call(net["c"].call(a).relu()), b));

    private static Net NormInTraining() => new([("norm", BatchNorm2d(6))], (net, a, b) => net.Note(ones(1), net["norm"].call(b)));

    private static Net NumbersWritten() => new([], (net, a, b) => net.Note(ones(1), b.view(-1, 6, 6, 6)));

    private static Net TiedHead()
    {
        var head = Conv2d(6, 6, 3, bias: false);
        var net = new Net([("head", head)], (net, a, b) => net.Note(net["head"].call(a), b));
        head.weight = ((TorchSharp.Modules.Conv2d)net["b"]).weight;
        return net;
    }

    /// <summary>a, b, c, d in a row; nothing reads channel 1 of a, b and c in evaluation mode.</summary>
    private sealed class Net : Module<Tensor, Tensor>
    {
        private readonly Dictionary<string, Module<Tensor, Tensor>> layers;
        private readonly Func<Net, Tensor, Tensor, Tensor> code;

        /// <param name="more">Layers for training.</param>
        /// <param name="code">Makes what c receives in training mode of what a and b return.</param>
        internal Net((string Name, Module<Tensor, Tensor> Layer)[] more, Func<Net, Tensor, Tensor, Tensor> code) : base(nameof(Net))
        {
            this.code = code;
            layers = new()
            {
                ["a"] = Conv2d(3, 6, 3, padding: 1, bias: false),
                ["b"] = Conv2d(6, 6, 3, padding: 1, bias: false),
                ["c"] = Conv2d(6, 6, 3, padding: 1, bias: false),
                ["d"] = Conv2d(6, 2, 1),
            };
            foreach (var (name, layer) in more) layers.Add(name, layer);
            foreach (var (name, layer) in layers) register_module(name, layer);
            foreach (string name in new[] { "b", "c", "d" }) this.ZeroInputs(name, 1);
        }

        internal Module<Tensor, Tensor> this[string name] => layers[name];

        internal Tensor Auxiliary { get; private set; } = zeros(1);

        internal Tensor Note(Tensor auxiliary, Tensor next)
        {
            Auxiliary = auxiliary;
            return next;
        }

        public override Tensor forward(Tensor input)
        {
            get_buffer("seen")?.add_(training ? 1 : 0);
            var a = layers["a"].call(input).relu();
            var b = layers["b"].call(a).relu();
            return layers["d"].call(layers["c"].call(training ? code(this, a, b) : b).relu());
        }
    }
}

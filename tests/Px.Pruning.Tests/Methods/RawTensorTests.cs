using Px.Pruning.Analysis;
using Px.Pruning.Tests.Masking;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>Parameters and buffers that a model's own code multiplies by or adds, against the network in which they are part of a layer.</summary>
public sealed class RawTensorTests
{
    private static readonly PruningData shape = PruningData.Shape(2, 5, 5);

    /// <summary>Methods of paths whose scores do not change when a scale is moved into a weight.</summary>
    public static TheoryData<string> OfPaths => ["PX", "PX joint", "PX kernel only", "SynFlow", "SynFlow-L2"];

    [Theory, MemberData(nameof(OfPaths))]
    public void Score_ScalesAndShifts_EqualsTheFoldedNetwork(string method)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var raw = new RawNet
        {
            AfterFirst = (m, x) => m["gamma"] * x,
            AfterSecond = (m, x) => x + m["shift"],
            BeforeEnd = (m, x) => x * m["factor"],
            AtEnd = (m, x) => functional.linear(x, m["matrix"]) + m["bias"],
        };
        raw.With("gamma", tensor([0.5, -2.0, 0.0, 1.5]).reshape(4, 1, 1)).With("shift", tensor([0.3, -0.2, 0.1, 0.4]).reshape(1, 4, 1, 1))
            .With("factor", tensor(-1.7)).With("bias", tensor([-1.0, 2.0]))
            .With("matrix", tensor([1.0, -0.5, 2.0, 0.25, -3, 1.5]).reshape(2, 3));
        using var folded = new RawNet { AtEnd = (m, x) => ((Linear)m.children().Last()).call(x) };
        folded.register_module("matrix", Linear(3, 2, hasBias: false).to(float64));
        Fold(raw, folded);
        using (no_grad())
        {
            var input = Samples.Normal(4, [2, 5, 5], dtype: float64).Input;
            raw.call(input).allclose(folded.call(input), 1e-10).Should().BeTrue("the twin is the same function");
        }

        var before = ModelState.Of(raw);
        ShouldScoreAlike(AllPruners.Get(method), raw, folded, Data());

        ModelState.Of(raw).ShouldEqual(before);
    }

    [Theory, MemberData(nameof(OfPaths))]
    public void Score_ConvNeXtBlock_EqualsTheFoldedNetwork(string method)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var raw = new LayerScaleNet(tensor([1e-6, -0.7, 0, 1.2, 0.5, 2]));
        using var folded = new LayerScaleNet(null);
        using (no_grad())
        {
            foreach (var (name, parameter) in folded.named_parameters()) parameter.copy_(raw.get_parameter(name)!);
            folded.get_parameter("project.weight")!.mul_(raw.get_parameter("gamma")!.unsqueeze(1));
            folded.get_parameter("project.bias")!.mul_(raw.get_parameter("gamma")!);
        }

        ShouldScoreAlike(AllPruners.Get(method), raw, folded, Data());
    }

    [Theory]
    [InlineData(true, "PX")]
    [InlineData(true, "SynFlow")]
    [InlineData(false, "PX")]
    [InlineData(false, "SynFlow-L2")]
    public void Score_KernelOfAFunction_EqualsAConvolutionThatIsNotRanked(bool isBuffer, string method)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        // Signed, as no constant in the code may be.
        var kernel = tensor([-1.0, 2, 1, -2, 4, 2, -1, 2, 1]).reshape(1, 1, 3, 3).repeat(4, 1, 1, 1);
        using var raw = new RawNet { AfterSecond = (m, x) => functional.conv2d(x, m["kernel"], padding: [1], groups: 4) };
        raw.With("kernel", kernel.clone(), isBuffer);
        using var twin = new RawNet { AfterSecond = (m, x) => ((Conv2d)m.children().Last()).call(x) };
        twin.register_module("kernel", Conv2d(4, 4, 3, padding: 1, groups: 4, bias: false).to(float64));
        using (no_grad())
            foreach (var (name, parameter) in twin.named_parameters()) parameter.copy_(name == "kernel.weight" ? kernel : raw.get_parameter(name)!);

        ShouldScoreAlike(AllPruners.Get(method), raw, twin, Data());
    }

    [Fact]
    public void Score_PxOnNetworksOfFunctions_EqualsTheSumOverPaths()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = new FunctionalMlp();
        var (input, target) = Samples.Normal(5, [3], 2, dtype: float64);

        using var scores = new PathExclusionPruner().Score(model, [(input, target)]);
        using var joint = new PathExclusionPruner { Objective = PxObjective.Joint }.Score(model, [(input, target)]);

        var (expected, expectedJoint) = model.SumOverPaths(input);
        Unscaled(scores, "first.weight").Should().BeEquivalentTo(expected, o => o.WithStrictOrdering().Using<double>(
            c => c.Subject.Should().BeApproximately(c.Expectation, 1e-10 * Math.Abs(c.Expectation))).WhenTypeIs<double>());
        Unscaled(joint, "first.weight").Should().BeEquivalentTo(expectedJoint, o => o.WithStrictOrdering().Using<double>(
            c => c.Subject.Should().BeApproximately(c.Expectation, 1e-10 * Math.Abs(c.Expectation))).WhenTypeIs<double>());
    }

    [Theory]
    [InlineData("SynFlow")]
    [InlineData("SynFlow-L2")]
    [InlineData("PX kernel only")]
    [InlineData("PX")]
    public void Score_ClassTokenAndPositions_AreShifts(string method)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = new TokenNet();
        var data = Data();

        using var scores = AllPruners.Get(method).Score(model, data);

        var expected = model.Scores(Samples.Normal(8, [2, 5, 5], 2, dtype: float64).Input, method == "SynFlow" ? 1 : 2, method == "PX");
        // PX takes a power of two out of G.
        double factor = method == "PX" ? expected["patches.weight"].sum().ToDouble() / scores["patches.weight"].sum().ToDouble() : Math.ScaleB(1, scores.Exponent);
        foreach (string name in scores.Names) (scores[name] * factor).allclose(expected[name], 1e-10).Should().BeTrue(name);
    }

    [Fact]
    public void Score_PhewWithAScale_WalksAsWithoutIt()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var raw = new RawNet { AfterFirst = (m, x) => m["gamma"] * x, AfterSecond = (m, x) => x + m["shift"] };
        raw.With("gamma", tensor([0.5, -2.0, 0.0, 1.5]).reshape(4, 1, 1)).With("shift", full(4, 1, 1, -100.0, float64));
        using var plain = new RawNet();
        using (no_grad()) foreach (var (name, parameter) in plain.named_parameters()) parameter.copy_(raw.get_parameter(name)!);

        using var scores = new PhewPruner().Score(raw, shape, options: new() { Seed = 1 });
        using var expected = new PhewPruner().Score(plain, shape, options: new() { Seed = 1 });

        foreach (string name in scores.Names) scores[name].allclose(expected[name], 0, 0).Should().BeTrue(name);
    }

    [Fact]
    public void Score_LogSynFlowWithAScale_EqualsTheFoldedNetworkInOtherLayers() => OtherLayersAgree(new LogSynFlowPruner());

    [Fact]
    public void Score_ReleasedPxWithAScaleAndAShift_EqualsTheFoldedNetworkInOtherLayers() => OtherLayersAgree(new ReleasedPathExclusionPruner());

    [Theory]
    [InlineData("SynFlow")]
    [InlineData("SynFlow-L2")]
    public void Score_ScaleInANetworkThatCallsForward_EqualsTheOneThatCalls(string method)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = new RawNet { AfterFirst = (m, x) => m["gamma"] * x, AfterSecond = (m, x) => x + m["shift"], Silent = true };
        using var twin = new RawNet { AfterFirst = model.AfterFirst, AfterSecond = model.AfterSecond };
        foreach (var net in (RawNet[])[model, twin])
            net.With("gamma", tensor([0.5, -2.0, 0.0, 1.5]).reshape(4, 1, 1)).With("shift", full(4, 1, 1, -100.0, float64));
        twin.load_state_dict(model.state_dict());
        var before = ModelState.Of(model);

        ShouldScoreAlike(AllPruners.Get(method), model, twin, Data());

        ModelState.Of(model).ShouldEqual(before);
    }

    /// <summary>Code in which nobody can tell what a tensor does.</summary>
    public static TheoryData<string, Func<RawNet, Tensor, Tensor>> Unclear => new()
    {
        { "both", (m, x) => (x + 1 * m["p"]) * m["p"] },
        { "exp", (m, x) => x * m["p"].exp() },
        { "sigmoid", (m, x) => x * m["p"].sigmoid() },
        { "square", (m, x) => x * m["p"].square() },
        { "norm", (m, x) => functional.conv2d(x, (m["p"] / m["p"].norm()).reshape(4, 1, 1, 1), groups: 4) },
        { "function", (m, x) => m["p"] * functional.gelu(x) },
    };

    [Theory, MemberData(nameof(Unclear))]
    public void Prune_UnclearTensor_IsRefusedByName(string what, Func<RawNet, Tensor, Tensor> code)
    {
        using var scope = NewDisposeScope();
        using var model = new RawNet { AfterFirst = code }.With("p", tensor([0.5, -0.2, 0.3, 1.5]).reshape(4, 1, 1));
        var before = ModelState.Of(model);

        foreach (string method in OfPaths)
        {
            AllPruners.Get(method).Invoking(pruner => pruner.Prune(model, Data(), 0.5))
                .Should().Throw<UnsupportedModelException>(what).WithMessage("*'p'*PruningOptions.RawTensors*SnipPruner*");
        }

        ModelState.Of(model).ShouldEqual(before);
        using var result = new SnipPruner().Prune(model, Data(), 0.5);
        result.Report.IsConnected.Should().BeNull(what);
    }

    [Fact]
    public void Score_UnclearTensorThatTheOptionDecides_IsWhatItSays()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        // Which element of a window is the largest depends on the positions.
        using var model = new RawNet { AfterFirst = (m, x) => functional.max_pool2d(x * 2 + m["p"], 3, 1, 1) }.With("p", rand(5, 5, float64));
        using var twin = new RawNet { AfterFirst = (_, x) => functional.max_pool2d(x * 2, 3, 1, 1) };
        using (no_grad()) foreach (var (name, parameter) in twin.named_parameters()) parameter.copy_(model.get_parameter(name)!);
        var pruner = new SynFlowPruner();
        pruner.Invoking(p => p.Score(model, shape)).Should().Throw<UnsupportedModelException>().WithMessage("*'p'*");

        ShouldScoreAlike(pruner, model, twin, shape, new() { RawTensors = new Dictionary<string, RawTensorRole> { ["p"] = RawTensorRole.Shift } });
        pruner.Invoking(p => p.Score(model, shape, options: Says("p", RawTensorRole.Scale))).Should().Throw<UnsupportedModelException>("it adds");
    }

    [Theory]
    [InlineData("q")]
    [InlineData("first.weight")]
    public void Prune_OptionThatNamesNoRawTensor_SaysWhichThereAre(string name)
    {
        using var scope = NewDisposeScope();
        using var model = new RawNet { AfterFirst = (m, x) => x * m["p"] }.With("p", tensor(2.0));

        new SynFlowPruner().Invoking(p => p.Prune(model, shape, 0.5, Says(name, RawTensorRole.Scale)))
            .Should().Throw<ArgumentException>().WithMessage($"*'{name}'*'p'*");
    }

    [Fact]
    public void Score_DataNormalisedByBuffers_EqualsTheFoldedNetwork()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = new RawNet { AtBegin = (m, x) => (x - m["mean"]) / m["std"] };
        model.With("mean", tensor([0.48, 0.45]).reshape(2, 1, 1), isBuffer: true).With("std", tensor([0.25, 0.5]).reshape(2, 1, 1), isBuffer: true);
        using var folded = new RawNet();
        using (no_grad())
        {
            foreach (var (name, parameter) in folded.named_parameters()) parameter.copy_(model.get_parameter(name)!);
            folded.get_parameter("first.weight")!.div_(model["std"].unsqueeze(0));
        }

        ShouldScoreAlike(new SynFlowPruner(), model, folded, shape);
        ShouldScoreAlike(new SynFlowL2Pruner(), model, folded, shape);
    }

    [Theory]
    [InlineData("PX")]
    [InlineData("PX joint")]
    [InlineData("SynFlow")]
    public void Score_ForwardThatThrowsOnOtherValues_PutsEverythingBack(string method)
    {
        using var scope = NewDisposeScope();
        using var model = new RawNet
        {
            AfterFirst = (m, x) => m["p"].min().ToDouble() >= 0 ? throw new InvalidOperationException("not mine") : m["p"] * x,
        };
        model.With("p", tensor([0.5, -0.2, 0.3, 1.5]).reshape(4, 1, 1));
        ((Parameter)model["p"]).grad = ones_like(model["p"]);
        var before = ModelState.Of(model);

        AllPruners.Get(method).Invoking(pruner => pruner.Score(model, Data())).Should().Throw<Exception>();

        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory, MemberData(nameof(OfPaths))]
    public void Score_Cancelled_PutsEverythingBackAndLeaksNothing(string method)
    {
        using var scope = NewDisposeScope();
        using var model = new RawNet { AfterFirst = (m, x) => m["p"] * x }.With("p", tensor([0.5, -0.2, 0.3, 1.5]).reshape(4, 1, 1));
        var data = Data();
        var before = ModelState.Of(model);
        int calls = 0;
        using var cancelling = new CancellationTokenSource();
        using var watched = new RawNet
        {
            AfterFirst = (m, x) =>
            {
                if (++calls > 20) cancelling.Cancel();
                return m["p"] * x;
            },
        };
        watched.With("p", model["p"].detach());
        var state = ModelState.Of(watched);
        AllPruners.Get(method).Invoking(pruner => pruner.Prune(watched, data, 0.5, new() { Rounds = 50 }, cancelling.Token))
            .Should().Throw<OperationCanceledException>();
        ModelState.Of(watched).ShouldEqual(state);

        LiveTensors.LeftBy(() =>
        {
            using var inner = NewDisposeScope();
            AllPruners.Get(method).Score(model, data).Dispose();
        }).Should().Be(0);
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Prune_ScaleOfZero_IsConnectedAsItMayBeTrained()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = new RawNet { AfterFirst = (m, x) => m["gamma"] * x, AfterSecond = (m, x) => x - m["shift"] };
        model.With("gamma", zeros(4, 1, 1, float64)).With("shift", ones(4, 1, 1, float64));

        using var result = new RandomPruner().Prune(model, Data(), 0.1, new() { Seed = 1 });

        result.Report.OutputsReached.Should().Be(3);
    }

    [Fact]
    public void Bound_TensorThatIsAdded_IsNamed()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = new RawNet { AfterFirst = (m, x) => x * m["gamma"], AfterSecond = (m, x) => x + m["shift"] };
        model.With("gamma", tensor(-2.0)).With("shift", ones(4, 1, 1, float64));
        using (no_grad()) foreach (var (name, parameter) in model.named_parameters()) if (name.EndsWith("bias")) parameter.zero_();

        NtkAnalysis.Bound(model, Data()).Exceptions.Should().Equal("shift");
        using (no_grad()) model["shift"].zero_();
        var bound = NtkAnalysis.Bound(model, Data());
        bound.Holds.Should().BeTrue();
        bound.Value.Should().BeGreaterThan(bound.Trace.Value);
    }

    private static PruningOptions Says(string name, RawTensorRole role) => new() { RawTensors = new Dictionary<string, RawTensorRole> { [name] = role } };

    private static PruningData Data() => PruningData.From([Samples.Normal(8, [2, 5, 5], 2, dtype: float64)]);

    private static double[] Unscaled(PruningScores scores, string name) => [.. scores[name].data<double>().ToArray().Select(s => Math.ScaleB(s, scores.Exponent))];

    private static void OtherLayersAgree(Pruner pruner)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var raw = new RawNet { AfterFirst = (m, x) => m["gamma"] * x, AfterSecond = (m, x) => x + m["shift"] };
        raw.With("gamma", tensor([0.5, -2.0, 3.0, 1.5]).reshape(4, 1, 1)).With("shift", tensor([0.3, -0.2, 0.1, 0.4]).reshape(4, 1, 1));
        using var folded = new RawNet();
        Fold(raw, folded);
        // The released code squares what is added one by one, so that there is nothing to add to.
        using (no_grad()) raw.get_parameter("second.bias")!.zero_();
        using (no_grad()) folded.get_parameter("second.bias")!.copy_(raw["shift"].reshape(4));

        using var scores = pruner.Score(raw, Data());
        using var expected = pruner.Score(folded, Data());

        foreach (string name in (string[])["second.weight", "fc.weight"])
            scores[name].allclose(expected[name], 1e-10).Should().BeTrue(name);
    }

    private static void Fold(RawNet raw, RawNet folded)
    {
        using var noGrad = no_grad();
        foreach (var (name, parameter) in folded.named_parameters())
            parameter.copy_(name == "matrix.weight" ? raw["matrix"] : raw.get_parameter(name)!);
        var gamma = raw["gamma"].reshape(4);
        folded.get_parameter("first.weight")!.mul_(gamma.reshape(4, 1, 1, 1));
        folded.get_parameter("first.bias")!.mul_(gamma);
        if (raw.has_parameter("shift")) folded.get_parameter("second.bias")!.add_(raw["shift"].reshape(4));
        if (raw.has_parameter("factor")) folded.get_parameter("fc.weight")!.mul_(raw["factor"]);
        if (raw.has_parameter("bias")) folded.get_parameter("fc.bias")!.add_(linalg.pinv(raw["matrix"]).matmul(raw["bias"]));
    }

    private static void ShouldScoreAlike(
        IPruner pruner, Module<Tensor, Tensor> model, Module<Tensor, Tensor> twin, PruningData data, PruningOptions? options = null)
    {
        using var scores = pruner.Score(model, data, options: options);
        using var expected = pruner.Score(twin, data);
        foreach (string name in scores.Names)
        {
            using var found = scores[name] * Math.ScaleB(1, scores.Exponent - expected.Exponent);
            found.allclose(expected[name], 1e-10, 1e-12 * expected[name].max().ToDouble()).Should().BeTrue(name);
            found.count_nonzero().ToInt64().Should().BePositive(name);
        }
    }
}

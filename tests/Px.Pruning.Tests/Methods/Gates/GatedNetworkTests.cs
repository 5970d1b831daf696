using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Engine.Wiring;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.Gates;

/// <summary>Modules that multiply paths, against the sum over every path of small networks.</summary>
public sealed class GatedNetworkTests
{
    private const double Tight = 1e-10;

    private static readonly Dictionary<string, string[]> feedsOnlyGates = new()
    {
        ["squeeze-excite"] = ["fc1.weight", "fc2.weight"],
        ["hard in place"] = ["fc1.weight", "fc2.weight"],
        ["glu"] = [],
        ["attention"] = ["q.weight", "k.weight"],
        ["fused attention"] = [],
        ["tanh"] = ["gate.weight"],
        ["silu"] = [],
        ["nested"] = ["g1.weight", "g2.weight", "g3.weight"],
        ["wavenet"] = ["b.weight"],
    };

    public static TheoryData<string> Networks => [.. GatedNet.Names];

    [Theory, MemberData(nameof(Networks))]
    internal void Enumeration_OfEachNetwork_IsTheNetwork(string name)
    {
        using var scope = NewDisposeScope();
        using var net = GatedNet.Create(name);
        net.Model.eval();

        // A copy, since a gate in place may write into it.
        var outputs = net.Model.call(net.Input.clone());

        net.Paths.Count.Should().BeGreaterThan(10);
        for (int n = 0; n < 5; n++)
            outputs[n].data<double>().ToArray().Zip(net.Paths.Values[n]).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-12);
    }

    [Theory, MemberData(nameof(Networks))]
    internal void Score_EveryMethodOfPaths_EqualsTheSumOverAllPaths(string name)
    {
        using var scope = NewDisposeScope();
        using var net = GatedNet.Create(name);
        var before = ModelState.Of(net.Model);

        ShouldBe(net, new PathExclusionPruner(), net.Paths.Decoupled());
        ShouldBe(net, new PathExclusionPruner { Objective = PxObjective.Joint }, net.Paths.Joint());
        ShouldBe(net, new SynFlowPruner(), net.Paths.Flow(1));
        ShouldBe(net, new SynFlowL2Pruner(), net.Paths.Flow(2));
        ShouldBe(net, new PathExclusionPruner { Objective = PxObjective.KernelOnly }, net.Paths.Flow(2));
        ModelState.Of(net.Model).ShouldEqual(before);
    }

    [Theory, MemberData(nameof(Networks))]
    internal void Score_SamplesInSeveralParts_EqualsAllAtOnce(string name)
    {
        using var scope = NewDisposeScope();
        using var net = GatedNet.Create(name);
        // More samples than one part holds, whose factors are taken apart.
        var many = PruningData.From([(net.Input.repeat([9, .. net.InputShape.Select(_ => 1L)]), net.Target.repeat(9))]);
        var few = PruningData.From([(net.Input, net.Target)]);
        foreach (var objective in (PxObjective[])[PxObjective.Decoupled, PxObjective.Joint])
        {
            var pruner = new PathExclusionPruner { Objective = objective };
            using var once = pruner.Score(net.Model, few);
            using var often = pruner.Score(net.Model, many, options: new PruningOptions { Data = DataBudget.All });
            foreach (string parameter in once.Names)
            {
                (often[parameter] * Math.ScaleB(1, often.Exponent))
                    .allclose(once[parameter] * 9 * Math.ScaleB(1, once.Exponent), Tight, 1e-300).Should().BeTrue(parameter);
            }
        }
    }

    [Theory, MemberData(nameof(Networks))]
    internal void Prune_EveryMethodOfPaths_LeavesOutWhatFeedsOnlyGatesAndSaysSo(string name)
    {
        foreach (string method in (string[])["PX", "PX joint", "PX released", "SynFlow", "SynFlow-L2", "LogSynFlow", "PHEW"])
        {
            using var scope = NewDisposeScope();
            using var net = GatedNet.Create(name);
            var before = ModelState.Of(net.Model);
            var fresh = net.Model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
            var logger = new RecordingLogger();

            using var result = AllPruners.Get(method).Prune(
                net.Model, PruningData.From([(net.Input, net.Target)]), 0.5, new PruningOptions { Rounds = method == "PHEW" ? 1 : 3, Logger = logger, Seed = 1 });

            string[] left = feedsOnlyGates[name];
            result.Mask.Names.Intersect(left).Should().BeEmpty();
            result.Mask.Names.Should().HaveCount(net.Model.named_parameters().Count(p => p.parameter.dim() > 1) - left.Length, method);
            var whole = result.Report.GateWeights.Where(weights => !result.Mask.Contains(weights.Name)).Select(weights => weights.Name);
            whole.Should().Equal(left);
            foreach (string weight in left)
            {
                result.Report.ToString().Should().Contain($"{weight} (").And.Contain("feed only gates");
                logger.Messages.Should().ContainSingle(message => message.Contains("feed only gates") && message.Contains(weight));
            }

            long rows = result.Report.GateWeights.Sum(weights => weights.Total) - left.Sum(weight => net.Model.get_parameter(weight)!.numel());
            result.Mask.Kept.Should().Be(rows + (long)Math.Round(0.5 * (result.Mask.Total - rows), MidpointRounding.AwayFromZero), method);
            result.Report.Outputs.Should().Be(2);
            result.Binding.Dispose();
            net.Model.load_state_dict(fresh);
            ModelState.Of(net.Model).ShouldEqual(before);
        }
    }

    [Theory]
    [InlineData("glu", "both.weight", 2, 2)]
    [InlineData("fused attention", "qkv.weight", 0, 4)]
    internal void Prune_UnitsOfOneLayerThatFeedOnlyAGate_AreKeptWhole(string name, string weight, int firstKept, int count)
    {
        using var scope = NewDisposeScope();
        using var net = GatedNet.Create(name);

        using var result = new SynFlowPruner().Prune(net.Model, PruningData.From([(net.Input, net.Target)]), 0.8);

        var units = result.Report.GateWeights.Should().ContainSingle().Subject;
        (units.Name, units.Units, units.Total).Should().Be((weight, count, count * result.Mask[weight].shape[1]));
        result.Mask[weight].narrow(0, firstKept, count).all().ToBoolean().Should().BeTrue();
        long ranked = result.Mask.Total - units.Total;
        (result.Mask.Kept - units.Total).Should().Be((long)Math.Round(0.2 * ranked, MidpointRounding.AwayFromZero));
    }

    [Theory, MemberData(nameof(Networks))]
    internal void Prune_MethodsWithoutPaths_RankWhatFeedsGatesAsBefore(string name)
    {
        using var scope = NewDisposeScope();
        using var net = GatedNet.Create(name);

        using var result = new SnipPruner().Prune(net.Model, PruningData.From([(net.Input, net.Target)]), 0.5);

        feedsOnlyGates[name].Should().BeSubsetOf(result.Mask.Names);
        result.Report.GateWeights.Should().BeEmpty();
        result.Report.OutputsReached.Should().Be(2, "paths are followed with gates as 1");
    }

    /// <summary>A tanh between two layers is an activation: its squared derivative, as ever, and nothing is left out.</summary>
    [Fact]
    public void Score_TanhBetweenLayers_StaysAnActivation()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("a", Linear(3, 4)), ("t", Tanh()), ("b", Linear(4, 2))).to(float64);
        var (input, target) = Samples.Normal(5, [3], 2, dtype: ScalarType.Float64);

        using var scores = new PathExclusionPruner { Objective = PxObjective.Joint }.Score(model, PruningData.From([(input, target)]));

        var (a, b) = (model.get_parameter("a.weight")!.detach(), model.get_parameter("b.weight")!.detach());
        var slope = 1 - functional.linear(input, a, model.get_parameter("a.bias")).tanh().square();
        // S_a[j, i] = a² Σₙ slope²ₙⱼ xₙᵢ² Σₖ b²ₖⱼ
        var expected = a.square() * (slope.square().t().matmul(input.square()) * b.square().sum([0]).unsqueeze(1)).detach();
        (scores["a.weight"] * Math.ScaleB(1, scores.Exponent)).allclose(expected, 1e-12, 0).Should().BeTrue();
    }

    public static TheoryData<string, Func<Func<string, Tensor, Tensor>, Tensor, Tensor>> NoFactors => new()
    {
        { "complement", (call, x) => { var s = call("s", call("gate", x)); return call("b", s * x + (1 - s) * call("c", x)); } },
        { "normalised", (call, x) => { var s = call("s", call("gate", x)); return call("b", s / s.sum(1, keepdim: true) * x); } },
        { "squashed", (call, x) => call("b", call("s", call("gate", x)).exp() * x) },
        { "added", (call, x) => { var s = call("s", call("gate", x)); return call("b", s * x + s); } },
        { "two sigmoids", (call, x) => call("b", call("s", call("gate", x)) * call("s2", call("c", x))) },
        { "activation", (call, x) => call("b", call("s", call("c", x))) },
        { "function", (call, x) => call("b", call("c", x) * functional.sigmoid(call("gate", x))) },
        { "softmax function", (call, x) => call("b", call("c", x) * functional.softmax(call("gate", x), 1)) },
    };

    [Theory, MemberData(nameof(NoFactors))]
    public void Prune_WhatIsNoFactorOfAPath_IsRefusedByTheMethodsOfPaths(string what, Func<Func<string, Tensor, Tensor>, Tensor, Tensor> code)
    {
        using var scope = NewDisposeScope();
        using var model = new GraphNet(
            [("a", Linear(3, 4)), ("gate", Linear(4, 4)), ("c", Linear(4, 4)), ("s", Sigmoid()), ("s2", Sigmoid()), ("b", Linear(4, 2))],
            (call, x) => code(call, call("a", x)));
        var before = ModelState.Of(model);

        foreach (string method in (string[])["PX", "PX joint", "SynFlow"])
        {
            AllPruners.Get(method).Invoking(pruner => pruner.Prune(model, PruningData.From([Samples.Normal(4, [3], 2)]), 0.5))
                .Should().Throw<UnsupportedModelException>(what).WithMessage("*can be pruned by SnipPruner*");
            ModelState.Of(model).ShouldEqual(before);
        }

        using var result = new SnipPruner().Prune(model, PruningData.From([Samples.Normal(4, [3], 2)]), 0.5);
        result.Report.IsConnected.Should().BeNull(what);
    }

    [Fact]
    public void Prune_GateCalledAsAFunction_IsToldTheModules()
    {
        using var scope = NewDisposeScope();
        using var model = new Lambda(x => x * functional.sigmoid(x));

        new SynFlowPruner().Invoking(pruner => pruner.Prune(model, PruningData.Shape(3), 0.5))
            .Should().Throw<UnsupportedModelException>().WithMessage("*gate that multiplies paths*torch.nn.Sigmoid, Hardsigmoid, Softmax, Tanh*");
    }

    [Fact]
    public void Prune_ModelThatEndsInASigmoidModule_IsAskedForLogits()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("a", Linear(3, 4)), ("relu", ReLU()), ("b", Linear(4, 2)), ("s", Sigmoid()));
        var data = PruningData.From([Samples.Normal(4, [3], 2)]);

        foreach (string method in (string[])["PX", "SynFlow"])
        {
            AllPruners.Get(method).Invoking(pruner => pruner.Prune(model, data, 0.5))
                .Should().Throw<UnsupportedModelException>().WithMessage("*'s'*return logits*");
        }
    }

    private static void ShouldBe(GatedNet net, Pruner pruner, double[] expected)
    {
        var data = pruner.NeedsData ? PruningData.From([(net.Input, net.Target)]) : PruningData.Shape(net.InputShape);
        using var scores = pruner.Score(net.Model, data);
        scores.Names.Should().NotBeEmpty();
        double tolerance = Tight * expected.Max();
        tolerance.Should().BeGreaterThan(0);
        foreach (string name in scores.Names)
        {
            var found = scores[name] * Math.ScaleB(1, scores.Exponent);
            (found - net.Of(expected, name)).abs().max().ToDouble().Should().BeLessThan(tolerance, "{0} {1}", pruner.Name, name);
        }
    }
}

using Px.Pruning.Methods.NtkSap;
using Px.Pruning.Tests.Engine;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>Parameters that are no layer's weight, which a selection includes: scored right by methods without paths, refused by the others.</summary>
public class IncludedParameterScoreTests
{
    private const double Step = 1e-5;

    public static TheoryData<string> Nets => [.. IncludedNets.Names];

    public static TheoryData<string> NetsOfNumbers => [.. IncludedNets.OfNumbers];

    [Theory]
    [MemberData(nameof(Nets))]
    public void Score_SnipAndRelatives_AreTheSlopesOfTheLossInEachMaskEntry(string net)
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create(net);
        var data = IncludedNets.Data(net);
        var before = ModelState.Of(model);
        IPruner[] pruners =
        [
            new SnipPruner { NormStatistics = NormStatistics.Running }, new IterSnipPruner { NormStatistics = NormStatistics.Running },
            new ForcePruner { NormStatistics = NormStatistics.Running }, new ProsPrPruner { NormStatistics = NormStatistics.Running, Steps = 0 },
        ];
        foreach (var pruner in pruners)
        {
            long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            using var scores = pruner.Score(model, [data], options: IncludedNets.Options(net));
            DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live + scores.Names.Count, pruner.Name);
            ModelState.Of(model).ShouldEqual(before);
            model.eval();
            WeightUseTests.ShouldBeSlopes(scores, model, () => functional.cross_entropy(model.call(data.Input), data.Target).ToDouble(), pruner.Name);
            model.train();
        }
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Score_Grasp_IsThetaTimesTheGradientsChangeAlongItself(string net)
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create(net);
        var data = IncludedNets.Data(net);
        var grasp = new GraspPruner { Temperature = 2, NormStatistics = NormStatistics.Running };
        if (net == "bag of embeddings")
        {
            // libtorch has no second derivative of an embedding bag.
            var before = ModelState.Of(model);
            grasp.Invoking(pruner => pruner.Score(model, [data], options: IncludedNets.Options(net)))
                .Should().Throw<UnsupportedModelException>().WithMessage("*second derivative*");
            ModelState.Of(model).ShouldEqual(before);
            return;
        }

        using var scores = grasp.Score(model, [data], options: IncludedNets.Options(net));
        model.eval();
        var weights = scores.Names.Select(name => (Tensor)model.get_parameter(name)!).ToList();
        List<Tensor> Gradients()
        {
            model.zero_grad();
            functional.cross_entropy(model.call(data.Input) / 2, data.Target).backward();
            return [.. weights.Select(weight => weight.grad!.clone())];
        }

        var g = Gradients();
        List<Tensor> Moved(double sign)
        {
            WeightUseTests.Move(weights, g, sign * Step);
            var moved = Gradients();
            WeightUseTests.Move(weights, g, -sign * Step);
            return moved;
        }

        var (up, down) = (Moved(1), Moved(-1));
        double largest = scores.Names.Max(name => scores[name].abs().max().ToDouble());
        for (int i = 0; i < weights.Count; i++)
        {
            var expected = weights[i].detach() * (up[i] - down[i]) / (2 * Step);
            scores[scores.Names.ElementAt(i)].allclose(expected, 0, 1e-6 * largest).Should().BeTrue(scores.Names.ElementAt(i));
        }
    }

    [Theory]
    [MemberData(nameof(NetsOfNumbers))]
    public void Score_NtkSap_IsTheSlopeOfTheOutputsDistanceInEachMaskEntry(string net)
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create(net);
        var before = ModelState.Of(model);
        var draws = new NormalDraws(7);
        using var scores = new NtkSapPruner { Samples = 4, Draws = draws }.Score(
            model, PruningData.Shape(IncludedNets.Sample(net)), options: IncludedNets.Options(net));
        ModelState.Of(model).ShouldEqual(before);

        using var noGrad = no_grad();
        if (net == "norm scales, slopes and a bias")
        {
            // The batch's statistics are constants of the scores, which differences do not hold.
            scores["bn.weight"].max().ToDouble().Should().BePositive();
            return;
        }

        model.eval();
        var first = new DrawIndex(1, 0, 0);
        var weights = scores.Names.ToDictionary(name => name, name => (Tensor)model.get_parameter(name)!);
        var masks = weights.ToDictionary(w => w.Key, w => ones_like(w.Value));
        var theta = weights.ToDictionary(w => w.Key, w => draws.Weights(first, w.Key, w.Value.shape));
        var moved = weights.ToDictionary(w => w.Key, w => theta[w.Key] + draws.Perturbation(first, w.Key, w.Value.shape) * 0.01);
        var z = draws.Input(first, [4, .. IncludedNets.Sample(net)]);
        Tensor Output(Dictionary<string, Tensor> values)
        {
            foreach (var (name, weight) in weights) weight.copy_(values[name] * masks[name]);
            return model.call(z);
        }

        double J() => (Output(theta) - Output(moved)).square().sum().ToDouble();

        double largest = scores.Names.Max(name => scores[name].max().ToDouble());
        foreach (var (name, mask) in masks)
        {
            for (long i = 0; i < mask.numel(); i++)
                scores[name].flatten()[i].ToDouble().Should().BeApproximately(Math.Abs(WeightUseTests.Slope(mask, i, J)), 1e-5 * largest, $"{name}[{i}]");
        }
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Prune_MethodsOfPaths_RefuseByNameAndSayWhoDoesNot(string net)
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create(net);
        var data = IncludedNets.Data(net);
        var before = ModelState.Of(model);
        foreach (string method in new[] { "PX", "PX joint", "PX kernel only", "PX released", "SynFlow", "SynFlow-L2", "LogSynFlow", "PHEW" })
        {
            long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

            var act = () => AllPruners.Get(method).Prune(model, [data], 0.5, IncludedNets.Options(net));

            var refusal = act.Should().Throw<UnsupportedModelException>()
                .WithMessage("*'*', which PruningOptions.Parameters includes*SnipPruner*MagnitudePruner and RandomPruner.").Which;
            refusal.Message.Contains("NtkSapPruner", StringComparison.Ordinal)
                .Should().Be(net is not ("embedding" or "bag of embeddings"), "it draws inputs that are no indices");
            refusal.Module.Should().Be(net switch
            {
                "raw parameter" => "",
                "GRU cell" => "cell",
                "attention" => "attention",
                "encoder layer" => "encoder",
                "embedding" => "tokens",
                "bag of embeddings" => "bag",
                "bilinear" => "pair",
                "norm scales, slopes and a bias" => "bn",
                _ => "recurrent",
            });
            ModelState.Of(model).ShouldEqual(before);
            DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live, method);
        }
    }

    [Fact]
    public void Prune_OwnCriterion_SeesTheIncludedParametersAndTheirModules()
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create("attention");
        var data = IncludedNets.Data("attention");
        var seen = new Dictionary<string, string>();
        var own = new CustomPruner("own", context =>
        {
            foreach (var parameter in context.Parameters) seen[parameter.Name] = parameter.Module.GetType().Name;
            var gradients = context.Gradients(context.Loss);
            return context.Parameters.ToDictionary(p => p.Name, p => (p.Weight * gradients[p.Name]).abs());
        });

        using var scores = own.Score(model, [data], options: IncludedNets.Options("attention"));

        seen.Should().Equal(new Dictionary<string, string>
        {
            ["attention.in_proj_weight"] = "MultiheadAttention", ["attention.out_proj.weight"] = "MultiheadAttention", ["head.weight"] = "Linear",
        });
        using var snip = new SnipPruner().Score(model, [data], options: IncludedNets.Options("attention"));
        foreach (string name in snip.Names) scores[name].allclose(snip[name], 1e-12, 0).Should().BeTrue(name);
    }

    [Theory]
    [InlineData("embedding")]
    [InlineData("bag of embeddings")]
    public void Prune_NtkSapOnTokens_IsRefusedAndSaysWhoTakesThem(string net)
    {
        using var scope = NewDisposeScope();
        using var model = IncludedNets.Create(net);
        var before = ModelState.Of(model);

        var act = () => new NtkSapPruner().Prune(model, [IncludedNets.Data(net)], 0.5, IncludedNets.Options(net));

        act.Should().Throw<UnsupportedModelException>().WithMessage("*numbers that are not integers*SnipPruner*RandomPruner*");
        ModelState.Of(model).ShouldEqual(before);
    }
}

using Px.Pruning.Analysis;
using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine;

/// <summary>A weight that is used where no hook runs, beside calls of its layer: right by differences of its own entries, or refused.</summary>
public class WeightUseTests
{
    private const double Step = 1e-5;

    public static TheoryData<string> Nets => [.. TwiceUsedNets.All.Keys];

    [Theory]
    [MemberData(nameof(Nets))]
    public void Score_SnipAndRelatives_AreTheSlopesOfTheLossInEachMaskEntry(string net)
    {
        using var scope = NewDisposeScope();
        using var model = TwiceUsedNets.Create(net);
        var data = TwiceUsedNets.Data(net);
        var before = ModelState.Of(model);
        foreach (IPruner pruner in new IPruner[] { new SnipPruner(), new IterSnipPruner(), new ForcePruner(), new ProsPrPruner { Steps = 0 } })
        {
            using var scores = pruner.Score(model, [data], options: new PruningOptions { Data = DataBudget.All });

            ModelState.Of(model).ShouldEqual(before);
            ShouldBeSlopes(scores, model, () => functional.cross_entropy(model.call(data.Input), data.Target).ToDouble(), pruner.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Score_Grasp_IsThetaTimesTheGradientsChangeAlongItself(string net)
    {
        using var scope = NewDisposeScope();
        using var model = TwiceUsedNets.Create(net);
        var data = TwiceUsedNets.Data(net);
        using var scores = new GraspPruner { Temperature = 2 }.Score(model, [data], options: new PruningOptions { Data = DataBudget.All });
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
            Move(weights, g, sign * Step);
            var moved = Gradients();
            Move(weights, g, -sign * Step);
            return moved;
        }

        var (up, down) = (Moved(1), Moved(-1));
        for (int i = 0; i < weights.Count; i++)
        {
            var expected = weights[i].detach() * (up[i] - down[i]) / (2 * Step);
            scores[scores.Names.ElementAt(i)].allclose(expected, 0, 1e-6 * expected.abs().max().ToDouble()).Should().BeTrue(net);
        }
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Trace_OfTheKernel_IsTheSumOfSquaredDerivatives(string net)
    {
        using var scope = NewDisposeScope();
        using var model = TwiceUsedNets.Create(net);
        var (input, target) = TwiceUsedNets.Data(net);
        var trace = NtkAnalysis.Trace(model, PruningData.From([(input, target)]), options: new NtkTraceOptions { Kernel = new() { Data = DataBudget.All } });

        using var network = new Px.Pruning.Engine.Network(model, ParameterSelection.Default);
        var weights = network.Slots.Select(slot => (Tensor)slot.Layer.Weight).ToList();
        double expected = 0;
        for (long n = 0; n < input.size(0); n++)
        for (long k = 0; k < 5; k++)
        {
            model.zero_grad();
            model.call(input.narrow(0, n, 1))[0, k].backward();
            expected += weights.Sum(weight => weight.grad is { } grad ? grad.square().sum().ToDouble() : 0);
        }

        trace.Value.Should().BeApproximately(expected, 1e-9 * expected);
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Prune_MethodsOfPaths_RefuseByNameAndSayWhoDoesNot(string net)
    {
        using var scope = NewDisposeScope();
        using var model = TwiceUsedNets.Create(net);
        var data = TwiceUsedNets.Data(net);
        var before = ModelState.Of(model);
        foreach (string method in new[] { "PX", "PX joint", "PX kernel only", "PX released", "SynFlow", "SynFlow-L2", "LogSynFlow", "PHEW" })
        {
            long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

            var act = () => AllPruners.Get(method).Prune(model, [data], 0.5, new PruningOptions { Data = DataBudget.All });

            var refusal = act.Should().Throw<UnsupportedModelException>().WithMessage("*weight*call(*SnipPruner*MagnitudePruner*").Which;
            model.named_modules().Select(module => module.name).Should().Contain(refusal.Module);
            ModelState.Of(model).ShouldEqual(before);
            DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live, method);
        }
    }

    [Theory]
    [MemberData(nameof(Nets))]
    public void Prune_MethodsThatTheRefusalNames_KeepTheExactCountAndLeaveFlopsUnknown(string net)
    {
        using var scope = NewDisposeScope();
        var data = TwiceUsedNets.Data(net);
        foreach (string method in new[] { "SNIP", "IterSNIP", "FORCE", "GraSP", "ProsPR", "Magnitude", "Random", "IMP" })
        {
            using var model = TwiceUsedNets.Create(net);
            using var result = AllPruners.Get(method).Prune(model, [data], 0.5, new PruningOptions { Data = DataBudget.All, Rounds = 2, Seed = 1 });

            result.Mask.Kept.Should().Be((long)Math.Round(0.5 * result.Mask.Total, MidpointRounding.AwayFromZero), method);
            result.Report.DenseFlops.Should().BeNull("a second use is not counted");
            result.Report.IsConnected.Should().BeNull();
            result.Report.UnseenLayers.Should().NotBeEmpty();
        }
    }

    [Fact]
    public void Score_NtkSapOnATiedWeight_IsThatOfTheNetworkWithTheWeightWrittenIn()
    {
        using var scope = NewDisposeScope();
        using var model = TwiceUsedNets.Create("functional linear with the transposed weight");
        var draws = new Px.Pruning.Methods.NtkSap.NormalDraws(7);
        using var scores = new NtkSapPruner { Samples = 4, Draws = draws }.Score(model, PruningData.Shape(5));
        var first = new Px.Pruning.Methods.NtkSap.DrawIndex(1, 0, 0);
        var weight = model.get_parameter("enc.weight")!;
        using var noGrad = no_grad();
        var (theta, mask) = (draws.Weights(first, "enc.weight", weight.shape), ones_like(weight));
        var moved = theta + draws.Perturbation(first, "enc.weight", weight.shape) * 0.01;
        var z = draws.Input(first, [4, 5]);
        Tensor Output(Tensor value)
        {
            weight.copy_(value * mask);
            return model.call(z);
        }

        double J() => (Output(theta) - Output(moved)).square().sum().ToDouble();

        double largest = scores["enc.weight"].max().ToDouble();
        for (long i = 0; i < weight.numel(); i++)
        {
            double expected = Math.Abs(Slope(mask, i, J));
            scores["enc.weight"].flatten()[i].ToDouble().Should().BeApproximately(expected, 1e-5 * largest);
        }
    }

    [Fact]
    public void Score_PenaltyOnAWeightInTheLoss_IsTheSlopeOfTheWholeLoss()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using var model = Sequential(("first", Linear(5, 4)), ("relu", ReLU()), ("last", Linear(4, 3))).to(float64);
        var data = Samples.Normal(6, [5], 3, dtype: ScalarType.Float64);
        Tensor Loss(Tensor output, Tensor target) =>
            functional.cross_entropy(output, target) + 0.3 * model.get_parameter("last.weight")!.pow(4).sum();
        var options = new PruningOptions { Data = DataBudget.All, Loss = Loss };
        var before = ModelState.Of(model);
        foreach (IPruner pruner in new IPruner[] { new SnipPruner(), new IterSnipPruner(), new ForcePruner(), new ProsPrPruner { Steps = 0 } })
        {
            using var scores = pruner.Score(model, [data], options: options);

            ModelState.Of(model).ShouldEqual(before);
            ShouldBeSlopes(scores, model, () => Loss(model.call(data.Input), data.Target).ToDouble(), pruner.Name);
        }
    }

    [Fact]
    public void Gradients_PenaltyInTheFunctionOfAnOwnCriterion_AreThoseOfAllOfIt()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using var model = Sequential(("first", Linear(5, 4)), ("relu", ReLU()), ("last", Linear(4, 3))).to(float64);
        var data = Samples.Normal(6, [5], 3, dtype: ScalarType.Float64);
        Tensor Scalar(Tensor output, Tensor target) => functional.cross_entropy(output, target) + model.get_parameter("last.weight")!.square().sum();
        var own = new CustomPruner("own", context =>
        {
            var gradients = context.Gradients(Scalar);
            return context.Parameters.ToDictionary(p => p.Name, p => (p.Weight * gradients[p.Name]).abs());
        });

        using var scores = own.Score(model, [data], options: new PruningOptions { Data = DataBudget.All });

        ShouldBeSlopes(scores, model, () => Scalar(model.call(data.Input), data.Target).ToDouble(), "own");
    }

    [Fact]
    public void Prune_LayersThatShareAWeightAndAreBothCalled_AreSeenWhole()
    {
        using var scope = NewDisposeScope();
        var (first, second) = (Linear(5, 5), Linear(5, 5));
        second.weight = first.weight;
        using var model = Sequential(first, ReLU(), second);

        using var result = new SynFlowPruner().Prune(model, PruningData.Shape(5), 0.5, new PruningOptions { Rounds = 2 });

        result.Report.DenseFlops.Should().Be(2 * 2 * 25);
        result.Report.UnseenLayers.Should().BeEmpty();
    }

    [Fact]
    public void Analyze_WeightUsedElsewhere_KnowsNoPathsAndSaysWhy()
    {
        using var scope = NewDisposeScope();
        using var model = TwiceUsedNets.Create("call and forward of one layer");

        var analysis = NetworkAnalysis.Analyze(model, [5]);

        analysis.PathsUnknown.Should().Contain("first.weight").And.Contain("forward");
        analysis.DenseFlops.Should().BeNull();
    }

    internal static void ShouldBeSlopes(PruningScores scores, Module<Tensor, Tensor> model, Func<double> loss, string method)
    {
        using var noGrad = no_grad();
        foreach (string name in scores.Names)
        {
            var weight = model.get_parameter(name)!;
            double largest = scores[name].max().ToDouble();
            largest.Should().BePositive($"{method} {name}");
            for (long i = 0; i < weight.numel(); i++)
            {
                using var temporaries = NewDisposeScope();
                double theta = weight.flatten()[i].ToDouble();
                double expected = Math.Abs(theta * Slope(weight, i, loss));
                scores[name].flatten()[i].ToDouble().Should().BeApproximately(expected, 1e-6 * largest, $"{method} {name}[{i}]");
            }
        }
    }

    internal static double Slope(Tensor tensor, long index, Func<double> value)
    {
        using var noGrad = no_grad();
        using var temporaries = NewDisposeScope();
        var entry = tensor.view(-1).narrow(0, index, 1);
        double before = entry.ToDouble();
        double At(double offset)
        {
            entry.fill_(before + offset);
            return value();
        }

        double slope = (At(Step) - At(-Step)) / (2 * Step);
        entry.fill_(before);
        return slope;
    }

    internal static void Move(List<Tensor> weights, List<Tensor> direction, double step)
    {
        using var noGrad = no_grad();
        foreach (var (weight, along) in weights.Zip(direction)) weight.add_(along * step);
    }
}

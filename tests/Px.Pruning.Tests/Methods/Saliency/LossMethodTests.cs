using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.Saliency;

/// <summary>What the methods that differentiate a loss promise beyond their formula.</summary>
public class LossMethodTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(12)]
    public void Score_GraspOnRunningStatistics_DoesNotDependOnTheBatchSize(int batchSize)
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        var pruner = new GraspPruner { NormStatistics = NormStatistics.Running };

        using var expected = pruner.Score(model, Data(), options: new PruningOptions { Data = DataBudget.PerClass(3) });
        using var scores = pruner.Score(model, Data(), options: new PruningOptions { Data = DataBudget.PerClass(3), BatchSize = batchSize });

        ShouldBeClose(scores, expected);
    }

    [Fact]
    public void Score_Grasp_SumsToHalfTheGradientFlowsSlopeAlongTheWeights()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        var (input, target) = Samples.Normal(12, [3, 8, 8], dtype: ScalarType.Float64);
        using var scores = new GraspPruner { Temperature = 1 }.Score(model, PruningData.From([(input, target)]), options: new PruningOptions { Data = DataBudget.All });
        var weights = scores.Names.Select(name => (Tensor)model.get_parameter(name)!).ToList();
        model.train();

        double FlowAt(double scale)
        {
            using (no_grad()) weights.ForEach(w => w.mul_(scale));
            model.zero_grad();
            functional.cross_entropy(model.call(input), target).backward();
            using var noGrad = no_grad();
            weights.ForEach(w => w.div_(scale));
            return weights.Sum(w => w.grad!.square().sum().ToDouble());
        }

        double slope = (FlowAt(1 + 1e-5) - FlowAt(1 - 1e-5)) / 2e-5;

        scores.Names.Sum(name => scores[name].sum().ToDouble()).Should().BeApproximately(slope / 2, Math.Abs(slope) * 1e-6);
    }

    [Fact]
    public void Prune_Grasp_KeepsTheLargestSignedScores()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var scores = new GraspPruner().Score(model, Data());

        using var result = new GraspPruner().Prune(model, Data(), 0.5);

        double Extreme(bool kept, Func<Tensor, Tensor> extreme) => scores.Names
            .Select(name => scores[name][kept ? result.Mask[name] : result.Mask[name].logical_not()]).Where(t => t.numel() > 0)
            .Select(t => extreme(t).ToDouble()).Aggregate(kept ? Math.Min : Math.Max);
        double worstKept = Extreme(true, t => t.min()), bestGone = Extreme(false, t => t.max());
        worstKept.Should().BeGreaterThan(bestGone);
        scores.Names.Should().Contain(name => scores[name].min().ToDouble() < 0);
    }

    [Fact]
    public void Score_GraspWithALossThatHasNoSecondDerivative_ThrowsATypedException()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        var before = ModelState.Of(model);
        var options = new PruningOptions { Loss = (output, target) => cdist(output, functional.one_hot(target, 4).to(output.dtype), 3).sum() };

        var act = () => new GraspPruner().Score(model, Data(), options: options);

        act.Should().Throw<UnsupportedModelException>().WithMessage("*second derivative*");
        ModelState.Of(model).ShouldEqual(before);
        new SnipPruner().Score(model, Data(), options: options).Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(9)]
    public void Score_ProsPr_DoesNotDependOnWhichStepsKeepTheirGraphs(int kept)
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var expected = new ProsPrPruner { Momentum = 0.5, KeptSteps = 0 }.Score(model, Data());

        using var scores = new ProsPrPruner { Momentum = 0.5, KeptSteps = kept }.Score(model, Data());

        ShouldBeClose(scores, expected);
    }

    [Fact]
    public void Create_ProsPrThatKeepsLessThanNothing_IsRefused() =>
        FluentActions.Invoking(() => new ProsPrPruner { KeptSteps = -1 }).Should().Throw<ArgumentOutOfRangeException>();

    [Theory]
    [MemberData(nameof(Methods))]
    public void Score_NormLayersOfANewNetwork_IsThatOfLayersWithAShiftTooSmallToCount(string method)
    {
        using var scope = NewDisposeScope();
        using var model = (ConvNet)new ConvNet().to(float64);
        using var expected = methods[method].Score(model, Data());
        using (no_grad()) foreach (var (name, bias) in model.named_parameters()) if (name is "bn1.bias" or "bn2.bias") bias.fill_(1e-200);

        using var scores = methods[method].Score(model, Data());

        ShouldBeClose(scores, expected);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Score_ActivationsInPlace_IsThatOfOthers(string method)
    {
        using var scope = NewDisposeScope();
        using var expected = methods[method].Score(Net(), Data());

        foreach (var style in new[] { ConvNet.Relu.InPlaceModule, ConvNet.Relu.InPlaceFunction })
        {
            using var scores = methods[method].Score(Net(style), Data());
            ShouldBeClose(scores, expected);
        }
    }

    [Fact]
    public void Score_OnAMask_OnlyForceScoresPrunedWeights()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var magnitude = new MagnitudePruner().Prune(Net(), sparsity: 0.5);
        var gone = magnitude.Mask["conv2.weight"].logical_not();

        using var force = new ForcePruner().Score(model, Data(), magnitude.Mask);
        using var snip = new IterSnipPruner().Score(model, Data(), magnitude.Mask);

        force["conv2.weight"][gone].min().ToDouble().Should().BePositive();
        snip["conv2.weight"][gone].abs().max().ToDouble().Should().Be(0);
        force["conv2.weight"][magnitude.Mask["conv2.weight"]].allclose(snip["conv2.weight"][magnitude.Mask["conv2.weight"]], 1e-12, 0).Should().BeTrue();
    }

    [Fact]
    public void Prune_Force_BringsWeightsBack()
    {
        using var scope = NewDisposeScope();
        int returned = 0;
        foreach (int rounds in new[] { 2, 3, 4, 5 })
        {
            using var shorter = new ForcePruner().Prune(Net(), Data(), 0.8, new PruningOptions { Rounds = rounds, Schedule = SparsitySchedule.OneShot });
            using var longer = new ForcePruner().Prune(Net(), Data(), 0.8, new PruningOptions { Rounds = rounds + 1, Schedule = SparsitySchedule.OneShot });
            returned += shorter.Mask.Names.Sum(name => (longer.Mask[name] & shorter.Mask[name].logical_not()).sum().ToInt32());
        }

        returned.Should().BePositive();
    }

    [Fact]
    public void Prune_NtkSapOnTrainedAndFreshWeights_GivesTheSameMask()
    {
        using var scope = NewDisposeScope();
        using var fresh = Net();
        using var trained = Net();
        using (no_grad()) foreach (var (name, parameter) in trained.named_parameters()) if (!name.Contains("conv1.bias") && !name.Contains("fc.bias")) parameter.mul_(3).add_(0.1);
        var options = new PruningOptions { Rounds = 3, Seed = 4 };

        using var a = new NtkSapPruner().Prune(fresh, PruningData.Shape(3, 8, 8), 0.7, options);
        using var b = new NtkSapPruner().Prune(trained, PruningData.Shape(3, 8, 8), 0.7, options);

        a.Mask.Overlap(b.Mask).Should().Be(1);
    }

    private static PruningData Data() => PruningData.From([Samples.Normal(12, [3, 8, 8], dtype: ScalarType.Float64)]);

    private static readonly Dictionary<string, IPruner> methods =
        new() { ["SNIP"] = new SnipPruner(), ["GraSP"] = new GraspPruner(), ["ProsPR"] = new ProsPrPruner() };

    public static TheoryData<string> Methods => [.. methods.Keys];

    private static void ShouldBeClose(PruningScores scores, PruningScores expected)
    {
        foreach (string name in expected.Names)
            scores[name].allclose(expected[name], 1e-9, 1e-12 * expected[name].abs().max().ToDouble()).Should().BeTrue(name);
    }

    private static ConvNet Net(ConvNet.Relu style = ConvNet.Relu.Module)
    {
        manual_seed(9);
        var model = new ConvNet(style);
        Samples.Disturb(model);
        return (ConvNet)model.to(float64);
    }
}

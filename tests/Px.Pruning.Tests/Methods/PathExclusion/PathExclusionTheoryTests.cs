using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods.PathExclusion;

/// <summary>What the theory of Path eXclusion says about its scores, on networks of float64.</summary>
public class PathExclusionTheoryTests
{
    private const double Tight = 1e-10;

    [Theory]
    [InlineData(PxObjective.Decoupled, NormStatistics.Running)]
    [InlineData(PxObjective.Decoupled, NormStatistics.PruningBatch)]
    [InlineData(PxObjective.Joint, NormStatistics.Running)]
    [InlineData(PxObjective.Joint, NormStatistics.PruningBatch)]
    public void Score_LayersInSeries_SumToTheSameValueAndAreNotNegative(PxObjective objective, NormStatistics statistics)
    {
        using var scope = NewDisposeScope();
        using var model = Net(ConvNet.Relu.Module);

        using var scores = new PathExclusionPruner { Objective = objective, NormStatistics = statistics }.Score(model, Data());

        var sums = scores.Names.Select(name => scores[name].sum().ToDouble()).ToList();
        sums.Should().HaveCount(3).And.OnlyContain(sum => sum > 0);
        sums.Should().OnlyContain(sum => Math.Abs(sum / sums[0] - 1) < Tight);
        scores.Names.Should().OnlyContain(name => scores[name].min().ToDouble() >= 0);
    }

    [Fact]
    public void Score_RunningStatisticsAtInitialisation_IsProportionalToSynFlowL2()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var model = new ConvNet(maxPool: false).to(float64);
        var classifier = model.named_parameters().Single(p => p.name == "fc.weight").parameter;

        using var scores = new PathExclusionPruner { NormStatistics = NormStatistics.Running }.Score(model, Data());

        // SynFlow-L2 by hand: squared weights, biases off, norm layers divide by sqrt(1 + eps), ReLU is the identity, input ones.
        var weights = model.named_parameters().Where(p => scores.Names.Contains(p.name))
            .ToDictionary(p => p.name, p => p.parameter.detach().square().requires_grad_());
        double s2 = 1 / (1 + 1e-5);
        var x = nn.functional.conv2d(ones(1, 3, 8, 8, float64), weights["conv1.weight"], padding: [1, 1]) * s2;
        x = nn.functional.conv2d(nn.functional.avg_pool2d(x, 2), weights["conv2.weight"], strides: [2, 2], padding: [1, 1]) * s2;
        nn.functional.linear(x.mean([2, 3]), weights["fc.weight"]).sum().backward();
        var ratios = weights.Select(w => (scores[w.Key] / (w.Value * w.Value.grad!)).flatten()).ToList();
        var ratio = cat(ratios);

        (ratio.max() / ratio.min() - 1).ToDouble().Should().BeLessThan(1e-12);
        classifier.shape.Should().Equal(4, 8);
    }

    [Theory]
    [InlineData(PxObjective.Decoupled)]
    [InlineData(PxObjective.Joint)]
    public void Score_ScaledInput_ScalesEveryScoreAlike(PxObjective objective)
    {
        using var scope = NewDisposeScope();
        using var model = BiasFree();
        var (input, target) = Samples.Normal(8, [3, 8, 8], dtype: ScalarType.Float64);
        var pruner = new PathExclusionPruner { Objective = objective, NormStatistics = NormStatistics.Running };

        using var once = pruner.Score(model, PruningData.From([(input, target)]));
        using var scaled = pruner.Score(model, PruningData.From([(input * Math.ScaleB(1, -7), target)]));

        foreach (string name in once.Names)
        {
            var expected = once[name] * Math.ScaleB(1, once.Exponent - 14);
            (scaled[name] * Math.ScaleB(1, scaled.Exponent)).allclose(expected, 1e-12, 0).Should().BeTrue(name);
        }
    }

    [Theory]
    [InlineData(PxObjective.Decoupled, ConvNet.Relu.InPlaceModule)]
    [InlineData(PxObjective.Decoupled, ConvNet.Relu.Function)]
    [InlineData(PxObjective.Decoupled, ConvNet.Relu.InPlaceFunction)]
    [InlineData(PxObjective.Joint, ConvNet.Relu.InPlaceModule)]
    [InlineData(PxObjective.Joint, ConvNet.Relu.Function)]
    [InlineData(PxObjective.Joint, ConvNet.Relu.InPlaceFunction)]
    internal void Score_ReluStyle_ChangesNoScore(PxObjective objective, ConvNet.Relu style)
    {
        using var scope = NewDisposeScope();
        using var plain = Net(ConvNet.Relu.Module);
        using var other = Net(style);
        var pruner = new PathExclusionPruner { Objective = objective };

        using var expected = pruner.Score(plain, Data());
        using var scores = pruner.Score(other, Data());

        ShouldEqual(scores, expected);
    }

    [Theory]
    [InlineData(PxObjective.Decoupled)]
    [InlineData(PxObjective.Joint)]
    public void Score_ResidualTailAsFunctions_EqualsItsTwinWithModules(PxObjective objective)
    {
        using var scope = NewDisposeScope();
        using var plain = Residual(functionalTail: false);
        using var other = Residual(functionalTail: true);
        var pruner = new PathExclusionPruner { Objective = objective };

        using var expected = pruner.Score(plain, Data());
        using var scores = pruner.Score(other, Data());

        ShouldEqual(scores, expected);
    }

    [Theory]
    [InlineData(PxObjective.Decoupled)]
    [InlineData(PxObjective.Joint)]
    public void Score_SeveralBatchesOnRunningStatistics_EqualsOneBatch(PxObjective objective)
    {
        using var scope = NewDisposeScope();
        using var model = Net(ConvNet.Relu.Module);
        var pruner = new PathExclusionPruner { Objective = objective, NormStatistics = NormStatistics.Running };

        using var expected = pruner.Score(model, Data());
        using var scores = pruner.Score(model, Data(), options: new PruningOptions { BatchSize = 3 });

        ShouldEqual(scores, expected);
    }

    [Fact]
    public void Score_Float32_EqualsFloat64ToSinglePrecision()
    {
        using var scope = NewDisposeScope();
        using var wide = Net(ConvNet.Relu.Module);
        using var narrow = Net(ConvNet.Relu.Module).to(float32);
        using var watched = Net(ConvNet.Relu.Module);
        var input = Samples.Normal(8, [3, 8, 8], dtype: ScalarType.Float64).Input;
        foreach (bool training in new[] { false, true })
        {
            watched.train(training);
            Clearance.Of(watched, input).Should().BeGreaterThan(Clearance.Enough, "float32 must have the same paths");
        }

        foreach (var objective in Enum.GetValues<PxObjective>())
        {
            var pruner = new PathExclusionPruner { Objective = objective };
            using var expected = pruner.Score(wide, Data());
            using var scores = pruner.Score(narrow, Data());
            ShouldEqual(scores, expected, 1e-3);
        }
    }

    [Fact]
    public void Prune_MaskedRounds_ScorePrunedWeightsZeroAndNeverReviveThem()
    {
        using var scope = NewDisposeScope();
        using var model = Net(ConvNet.Relu.Module);
        var pruner = new PathExclusionPruner();
        using var half = pruner.Prune(model, Data(), 0.5, new PruningOptions { Rounds = 5 });
        half.Binding.Dispose();

        using var scores = pruner.Score(model, Data(), half.Mask);

        foreach (string name in scores.Names)
            scores[name].masked_select(half.Mask[name].logical_not()).abs().sum().ToDouble().Should().Be(0);
        using var later = pruner.Prune(model, Data(), 0.8, new PruningOptions { Rounds = 5 });
        later.Mask.Intersect(half.Mask).Kept.Should().Be(later.Mask.Kept);
    }

    private static void ShouldEqual(PruningScores scores, PruningScores expected, double relative = Tight)
    {
        scores.Names.Should().NotBeEmpty().And.Equal(expected.Names);
        foreach (string name in scores.Names)
        {
            var a = scores[name] * Math.ScaleB(1, scores.Exponent);
            var b = expected[name] * Math.ScaleB(1, expected.Exponent);
            (a - b).abs().max().ToDouble().Should().BeLessThan(relative * b.max().ToDouble(), name);
        }
    }

    private static ConvNet Net(ConvNet.Relu style)
    {
        manual_seed(2);
        var model = new ConvNet(style);
        Samples.Disturb(model);
        return model.to(float64);
    }

    private static ConvNet BiasFree()
    {
        var model = Net(ConvNet.Relu.Module);
        using var noGrad = no_grad();
        foreach (var (name, tensor) in model.state_dict())
            if (name.EndsWith("bias", StringComparison.Ordinal) || name.EndsWith("running_mean", StringComparison.Ordinal)) tensor.zero_();
        return model;
    }

    private static ResidualNet Residual(bool functionalTail)
    {
        manual_seed(2);
        var model = new ResidualNet(functionalTail);
        Samples.Disturb(model);
        return model.to(float64);
    }

    private static PruningData Data() => PruningData.From([Samples.Normal(8, [3, 8, 8], dtype: ScalarType.Float64)]);
}

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Subset.Tests.Optim;

public class SchedulerTests
{
    [Fact]
    public void StepLR_EveryTwo_MultipliesByGamma() =>
        Rates(1, o => lr_scheduler.StepLR(o, 2, 0.1), 6).Should().Equal([1, 1, 0.1, 0.1, 0.01, 0.01], Close);

    [Fact]
    public void MultiStepLR_Milestones_MultiplyByGamma() =>
        Rates(0.7, o => lr_scheduler.MultiStepLR(o, [2, 4]), 6).Should().Equal([0.7, 0.7, 0.07, 0.07, 0.007, 0.007], Close);

    [Fact]
    public void ExponentialLR_EachEpoch_MultipliesByGamma() =>
        Rates(2, o => lr_scheduler.ExponentialLR(o, 0.5), 4).Should().Equal([2, 1, 0.5, 0.25], Close);

    [Fact]
    public void LambdaLR_Function_ScalesTheInitialRate() =>
        Rates(2, o => lr_scheduler.LambdaLR(o, epoch => 1.0 / (epoch + 1)), 4).Should().Equal([2, 1, 2.0 / 3, 0.5], Close);

    [Fact]
    public void PolynomialLR_Power_ReachesZero() =>
        Rates(1, o => lr_scheduler.PolynomialLR(o, 4, 2), 6).Should().Equal([1, 0.5625, 0.25, 0.0625, 0, 0], Close);

    [Fact]
    public void CosineAnnealingLR_PastItsEnd_ComesUpAgain() =>
        Rates(1, o => lr_scheduler.CosineAnnealingLR(o, 10), 13).Should()
            .Equal(Enumerable.Range(0, 13).Select(epoch => (1 + Math.Cos(Math.PI * epoch / 10)) / 2), (a, e) => Math.Abs(a - e) < 1e-9);

    [Fact]
    public void Step_ToAnEpoch_TakesTheClosedForm()
    {
        using var optimizer = SGD([ones(1).AsParameter()], 1.0);
        var scheduler = lr_scheduler.StepLR(optimizer, 2, 0.1);

        scheduler.step(5);

        optimizer.ParamGroups.Single().LearningRate.Should().BeApproximately(0.01, 1e-12);
        scheduler.get_last_lr().Single().Should().BeApproximately(0.01, 1e-12);
        optimizer.ParamGroups.Single().InitialLearningRate.Should().Be(1);
    }

    private static List<double> Rates(double initial, Func<Optimizer, lr_scheduler.LRScheduler> create, int epochs)
    {
        using var optimizer = SGD([ones(1).AsParameter()], initial);
        var scheduler = create(optimizer);
        var rates = new List<double>();
        for (var i = 0; i < epochs; i++)
        {
            rates.Add(optimizer.ParamGroups.Single().LearningRate);
            scheduler.get_last_lr().Single().Should().Be(rates[^1]);
            scheduler.step();
        }
        return rates;
    }

    private static bool Close(double actual, double expected) => Math.Abs(actual - expected) < 1e-12;
}

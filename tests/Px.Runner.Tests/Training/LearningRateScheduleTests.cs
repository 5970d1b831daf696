using Px.Runner.Training;

namespace Px.Runner.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(79, 1)]
    [InlineData(80, 0.1)]
    [InlineData(119, 0.1)]
    [InlineData(120, 0.01)]
    [InlineData(159, 0.01)]
    public void MultiStep_PaperMilestones_FallAtTheirEpochs(int epoch, double expected) =>
        PaperRecipes.Cifar10.Schedule.FactorAt(Epoch(epoch, 160)).Should().BeApproximately(expected, 1e-15);

    [Theory]
    [InlineData(90, 1)]
    [InlineData(91, 0.1)]
    [InlineData(135, 0.1)]
    [InlineData(136, 0.01)]
    public void MultiStep_MilestonesThatAreNoBinaryFractions_StillFallAtTheirEpochs(int epoch, double expected) =>
        PaperRecipes.Transfer.Schedule.FactorAt(Epoch(epoch, 182)).Should().BeApproximately(expected, 1e-15);

    [Fact]
    public void MultiStep_ShortenedRun_KeepsItsShape() =>
        Enumerable.Range(0, 8).Select(epoch => Math.Round(-Math.Log10(PaperRecipes.Cifar10.Schedule.FactorAt(Epoch(epoch, 8)))))
            .Should().Equal(0, 0, 0, 0, 1, 1, 2, 2);

    [Fact]
    public void MultiStep_ByStep_FallsInTheMiddleOfAnEpoch()
    {
        var schedule = new MultiStepSchedule { Milestones = [0.5], Gamma = 0.5, Unit = ScheduleUnit.Step };

        Enumerable.Range(0, 6).Select(step => schedule.FactorAt(new TrainingPosition(step, 6, 0, 1))).Should().Equal(1, 1, 1, 0.5, 0.5, 0.5);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(50, 0.53588673126814657)] // 0.5^0.9
    [InlineData(99, 0.015848931924611134)] // 0.01^0.9 = 10^-1.8
    public void Polynomial_Step_FollowsThePower(long step, double expected) =>
        new PolynomialSchedule().FactorAt(new TrainingPosition(step, 100, 0, 1)).Should().BeApproximately(expected, 1e-15);

    [Fact]
    public void Polynomial_ByEpoch_StaysLevelWithinAnEpoch()
    {
        var schedule = new PolynomialSchedule { Power = 1, Unit = ScheduleUnit.Epoch };

        Enumerable.Range(0, 6).Select(step => schedule.FactorAt(new TrainingPosition(step, 6, step / 3, 2))).Should().Equal(1, 1, 1, 0.5, 0.5, 0.5);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(25, 0.85355339059327376)] // (1 + cos π/4) / 2
    [InlineData(50, 0.5)]
    [InlineData(75, 0.14644660940672624)]
    [InlineData(100, 0)]
    public void Cosine_Step_FollowsTheCosine(long step, double expected) =>
        new CosineSchedule().FactorAt(new TrainingPosition(step, 100, 0, 1)).Should().BeApproximately(expected, 1e-15);

    private static TrainingPosition Epoch(int epoch, int epochs) => new(epoch * 10, epochs * 10, epoch, epochs);
}

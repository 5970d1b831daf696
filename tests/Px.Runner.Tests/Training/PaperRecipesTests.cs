using Px.Runner.Training;

namespace Px.Runner.Tests.Training;

public sealed class PaperRecipesTests
{
    public static TheoryData<Recipe, int, double, double, int[]> Published => new()
    {
        { PaperRecipes.Cifar10, 128, 0.1, 1e-4, [80, 120] },
        { PaperRecipes.Cifar100, 128, 0.1, 5e-4, [60, 120] },
        { PaperRecipes.TinyImageNet, 256, 0.2, 1e-4, [100, 150] },
        { PaperRecipes.ImageNet, 448, 0.1, 1e-4, [30, 60, 80] },
        { PaperRecipes.Transfer, 256, 0.1, 1e-4, [91, 136] },
        { PaperRecipes.Voc2012, 4, 1e-2, 1e-4, [50, 60] },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void Recipe_OfTheTable_FallsToATenthAtItsMilestones(Recipe recipe, int batch, double rate, double decay, int[] milestones)
    {
        (recipe.BatchSize, recipe.LearningRate, recipe.WeightDecay, recipe.Momentum, recipe.Optimizer).Should().Be((batch, rate, decay, 0.9, OptimizerKind.Sgd));
        recipe.Nesterov.Should().Be(recipe == PaperRecipes.Cifar100);
        double At(int epoch) => recipe.Schedule.FactorAt(new TrainingPosition(epoch, recipe.Epochs, epoch, recipe.Epochs));
        Enumerable.Range(1, recipe.Epochs - 1).Where(epoch => At(epoch) < At(epoch - 1) / 5).Should().Equal(milestones);
    }

    [Fact]
    public void WithPoly_AnyRecipe_ChangesOnlyTheSchedule() =>
        PaperRecipes.Voc2012.WithPoly().Should().Be(PaperRecipes.Voc2012 with { Schedule = new PolynomialSchedule { Power = 0.9, Unit = ScheduleUnit.Step } });
}

using Px.Demo.Training;

namespace Px.Demo.Tests.Training;

public sealed class TrainingRecipeTests
{
    private readonly TrainingRecipe recipe = new() { Epochs = 1, BatchSize = 2, Seed = 1, LearningRate = 0.4 };

    [Theory]
    [InlineData(0, 0.4)]
    [InlineData(25, 0.34142135623730951)] // 0.2 (1 + cos π/4)
    [InlineData(50, 0.2)]
    [InlineData(75, 0.058578643762690494)]
    [InlineData(100, 0)]
    public void LearningRateAt_Step_FollowsTheCosine(long step, double expected) =>
        recipe.LearningRateAt(step, steps: 100).Should().BeApproximately(expected, 1e-15);
}

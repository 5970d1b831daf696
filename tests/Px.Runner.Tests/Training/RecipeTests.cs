using Px.Runner.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Runner.Tests.Training;

public sealed class RecipeTests
{
    [Fact]
    public void CreateOptimizer_Sgd_StepsAsTheFormulaSays()
    {
        using var network = OneWeight(2);
        var recipe = new Recipe { LearningRate = 0.1, Momentum = 0.5, WeightDecay = 0.25, Epochs = 1, BatchSize = 1 };
        var (optimizer, factors) = recipe.CreateOptimizer(network);
        using (optimizer)
        {
            factors.Should().Equal(1);
            // The gradient of w is 1. b = 1 + 0.25·2 = 1.5, w = 2 − 0.15 = 1.85; then b = 0.75 + 1 + 0.4625 = 2.2125, w = 1.62875.
            Step(network, optimizer);
            Step(network, optimizer);
        }

        network.weight.item<float>().Should().BeApproximately(1.62875f, 1e-6f);
    }

    [Fact]
    public void CreateOptimizer_Nesterov_LooksAhead()
    {
        using var network = OneWeight(2);
        var (optimizer, _) = new Recipe { LearningRate = 0.1, Momentum = 0.5, Nesterov = true, WeightDecay = 0, Epochs = 1, BatchSize = 1 }.CreateOptimizer(network);
        using (optimizer)
            Step(network, optimizer);

        // b = 1, and the step is 1 + 0.5·1.
        network.weight.item<float>().Should().BeApproximately(1.85f, 1e-6f);
    }

    [Fact]
    public void CreateOptimizer_Adam_MovesByTheLearningRateAtFirst()
    {
        using var network = OneWeight(2);
        var (optimizer, _) = PaperRecipes.Cifar10.WithAdam().CreateOptimizer(network);
        using (optimizer)
            Step(network, optimizer);

        network.weight.item<float>().Should().BeApproximately(1.999f, 1e-6f);
    }

    [Fact]
    public void CreateOptimizer_Prefix_GivesItsParametersATenthOfTheRate()
    {
        using var network = nn.Sequential(("backbone", nn.Linear(1, 1, hasBias: false)), ("head", nn.Linear(1, 1)));
        var (optimizer, factors) = (PaperRecipes.Voc2012 with { Prefix = "backbone." }).CreateOptimizer(network);
        using (optimizer)
        {
            factors.Should().Equal(0.1, 1);
            optimizer.ParamGroups.Select(group => Math.Round(group.LearningRate, 10)).Should().Equal(1e-3, 1e-2);
            optimizer.ParamGroups.OfType<SGD.ParamGroup>().Select(group => group.Parameters.Count()).Should().Equal(1, 2);
        }
    }

    private static Linear OneWeight(float value)
    {
        var network = nn.Linear(1, 1, hasBias: false);
        using (no_grad())
            network.weight.fill_(value);
        return network;
    }

    private static void Step(Linear network, OptimizerHelper optimizer)
    {
        using var temporaries = NewDisposeScope();
        optimizer.zero_grad();
        network.call(ones(1, 1)).sum().backward();
        optimizer.step();
    }
}

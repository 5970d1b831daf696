using Px.Pruning;
using Px.Runner.Tests.Support;
using Px.Runner.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Runner.Tests.Training;

public sealed class TrainerTests
{
    private static readonly Recipe Recipe = new() { LearningRate = 0.1, Epochs = 3, BatchSize = 32 };

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(32)]
    public void Train_BatchInPieces_EqualsTheWholeBatch(int pieces)
    {
        var task = new ToyTask(normAndDropout: false, ScalarType.Float64);

        var (whole, cut) = (Trained(task, Recipe), Trained(task, Recipe with { Accumulate = pieces }));

        cut.Zip(whole, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(1e-12);
        whole.Zip(Trained(task, Recipe with { Epochs = 0 }), (a, b) => Math.Abs(a - b)).Max().Should().BeGreaterThan(0.05, "something was learned");
    }

    [Fact]
    public void Train_PiecesThatIgnoreDifferentNumbersOfLabels_StillEqualTheWholeBatch()
    {
        var task = new IgnoringTask();

        var (whole, cut) = (Trained(task, Recipe), Trained(task, Recipe with { Accumulate = 4 }));

        cut.Zip(whole, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(1e-12);
    }

    [Fact]
    public void Train_WithAMask_HoldsThePrunedWeightsAtZero()
    {
        var task = new ToyTask();
        using var network = task.NewNetwork(1);
        using var pruned = new RandomPruner().Prune(network, task.PruningSamples(1), 0.5, new PruningOptions { Seed = 1 });

        new Trainer(task, Recipe.WithAdam(), CPU, Terminals.Silent).Train(
            new TrainingSubject { Label = "toy", Network = network, Mask = pruned.Mask, Binding = pruned.Binding, Seed = 1 }, CancellationToken.None);

        using var temporaries = NewDisposeScope();
        network.get_parameter("first.weight")!.masked_select(pruned.Mask["first.weight"].logical_not()).abs().sum().ToDouble().Should().Be(0);
    }

    [Fact]
    public void Train_SameSeedTwice_GivesTheSameWeights() => Trained(new ToyTask(), Recipe).Should().Equal(Trained(new ToyTask(), Recipe));

    private static double[] Trained(LearningTask task, Recipe recipe)
    {
        using var network = task.NewNetwork(1);
        new Trainer(task, recipe, CPU, Terminals.Silent).Train(new TrainingSubject { Label = "toy", Network = network, Seed = 1 }, CancellationToken.None);
        return [.. network.parameters().SelectMany(parameter => parameter.to(ScalarType.Float64).data<double>().ToArray())];
    }
}

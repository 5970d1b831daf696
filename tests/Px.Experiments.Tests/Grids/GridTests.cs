using Px.Experiments.Grids;
using Px.Runner.CommandLines;

namespace Px.Experiments.Tests.Grids;

public sealed class GridTests
{
    [Fact]
    public void Cells_DenseAndMethodsWithoutRounds_AreThereOnce()
    {
        var cells = new Grid { Methods = ["px", Cell.Dense, "snip"], Sparsities = [0.5, 0.9], Rounds = [1, 10], Seeds = [7], MinimumDensity = 0.1, ScoredOn = "noise", TimingRepeats = 3 }.Cells().ToList();

        cells.Select(cell => (cell.Method, cell.Sparsity, cell.Rounds)).Should().Equal(
            (Cell.Dense, 0, null), ("px", 0.5, 1), ("px", 0.5, 10), ("snip", 0.5, null), ("px", 0.9, 1), ("px", 0.9, 10), ("snip", 0.9, null));
        cells[0].Should().Be(new Cell { Model = "resnet20", Data = "cifar10", Method = Cell.Dense, Sparsity = 0, Seed = 7, Epochs = 160 });
        cells[1].Should().Be(new Cell { Model = "resnet20", Data = "cifar10", Method = "px", Sparsity = 0.5, Rounds = 1, MinimumDensity = 0.1, ScoredOn = "noise", TimingRepeats = 3, Seed = 7, Epochs = 160 });
    }

    [Theory]
    [InlineData("models must be of *, not 'resnet21'")]
    [InlineData("methods must name one at least")]
    [InlineData("sparsities must be at least 0 and below 1, not NaN")]
    [InlineData("scoredOn must be of own, others, noise, not 'pictures'")]
    [InlineData("batch must be at least 1, not 0")]
    [InlineData("vgg16 does not work on voc2012: *")]
    [InlineData("deeplabv3plus does not work on cifar10: *")]
    [InlineData("there are no pretrained weights 'moco' for vgg16; there are for resnet18, resnet34, resnet50, resnet101, resnet152, deeplabv3plus")]
    [InlineData("there are no pretrained weights 'cifar10' for resnet18; there are for resnet8, resnet14, resnet20, *")]
    [InlineData("weights 'cifar10' come with a classifier of cifar10, and do not work on fashion-mnist")]
    public void Require_WhatCannotBeRun_IsRefused(string message)
    {
        var grid = message.Split(' ')[0] switch
        {
            "deeplabv3plus" => new Grid { Models = ["deeplabv3plus"] },
            "weights" => new Grid { Data = ["fashion-mnist"], Initializations = ["cifar10"] },
            "there" when message.Contains("'cifar10'", StringComparison.Ordinal) => new Grid { Models = ["resnet18"], Initializations = ["cifar10"] },
            "models" => new Grid { Models = ["resnet21"] },
            "methods" => new Grid { Methods = [] },
            "sparsities" => new Grid { Sparsities = [double.NaN] },
            "scoredOn" => new Grid { ScoredOn = "pictures" },
            "batch" => new Grid { Batch = 0 },
            "vgg16" => new Grid { Models = ["vgg16"], Data = ["voc2012"] },
            _ => new Grid { Models = ["vgg16"], Initializations = ["moco"] },
        };

        FluentActions.Invoking(() => GridCheck.Require(grid, "here")).Should().Throw<UsageException>().WithMessage($"here: {message}");
    }
}

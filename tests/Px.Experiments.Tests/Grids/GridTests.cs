using Px.Experiments.Grids;
using Px.Runner.CommandLines;

namespace Px.Experiments.Tests.Grids;

public sealed class GridTests
{
    [Fact]
    public void Cells_DenseAndMethodsWithoutRounds_AreThereOnce()
    {
        var cells = new Grid { Methods = ["px", Cell.Dense, "snip"], Sparsities = [0.5, 0.9], Rounds = [1, 10], Seeds = [7], MinimumDensity = 0.1, TimingRepeats = 3 }.Cells().ToList();

        cells.Select(cell => (cell.Method, cell.Sparsity, cell.Rounds)).Should().Equal(
            (Cell.Dense, 0, null), ("px", 0.5, 1), ("px", 0.5, 10), ("snip", 0.5, null), ("px", 0.9, 1), ("px", 0.9, 10), ("snip", 0.9, null));
        cells[0].Should().Be(new Cell { Model = "resnet20", Data = "cifar10", Method = Cell.Dense, Sparsity = 0, Seed = 7, Epochs = 160 });
        cells[1].Should().Be(new Cell { Model = "resnet20", Data = "cifar10", Method = "px", Sparsity = 0.5, Rounds = 1, MinimumDensity = 0.1, TimingRepeats = 3, Seed = 7, Epochs = 160 });
    }

    [Theory]
    [InlineData("models must be of *, not 'resnet21'")]
    [InlineData("methods must name one at least")]
    [InlineData("sparsities must be at least 0 and below 1, not NaN")]
    [InlineData("batch must be at least 1, not 0")]
    [InlineData("vgg16 does not work on voc2012: *")]
    [InlineData("there are no pretrained weights for vgg16; *")]
    public void Require_WhatCannotBeRun_IsRefused(string message)
    {
        var grid = message.Split(' ')[0] switch
        {
            "models" => new Grid { Models = ["resnet21"] },
            "methods" => new Grid { Methods = [] },
            "sparsities" => new Grid { Sparsities = [double.NaN] },
            "batch" => new Grid { Batch = 0 },
            "vgg16" => new Grid { Models = ["vgg16"], Data = ["voc2012"] },
            _ => new Grid { Models = ["vgg16"], Initializations = ["moco"] },
        };

        FluentActions.Invoking(() => GridCheck.Require(grid, "here")).Should().Throw<UsageException>().WithMessage($"here: {message}");
    }
}

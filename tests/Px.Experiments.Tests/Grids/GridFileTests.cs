using System.Text.Json;
using Px.Experiments.Grids;
using Px.Runner;
using Px.Runner.CommandLines;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Grids;

public sealed class GridFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Read_SeveralGridsWithCommentsAndCommas_AreThose()
    {
        var grids = Read("""
            [ // two
              { "models": ["vgg16"], "data": ["cifar100"], "methods": ["px"], "sparsities": [0.5], "seeds": [3], "epochs": 0 },
              { "rounds": [1, 2], "trainSamples": 100, "learningRate": 0.05, },
            ]
            """);

        grids.Should().BeEquivalentTo([
            new Grid { Models = ["vgg16"], Data = ["cifar100"], Methods = ["px"], Sparsities = [0.5], Seeds = [3], Epochs = 0 },
            new Grid { Rounds = [1, 2], TrainSamples = 100, LearningRate = 0.05 },
        ]);
    }

    [Fact]
    public void Read_EveryProtocolWrittenAsJson_IsTheSame()
    {
        foreach (var name in Protocols.Names)
        {
            var grids = Protocols.Find(name);
            Read(JsonSerializer.Serialize(grids, JsonSerializerOptions.Web)).SelectMany(grid => grid.Cells()).Should().Equal(grids.SelectMany(grid => grid.Cells()));
        }
    }

    [Theory]
    [InlineData("{ \"model\": [\"resnet20\"] }", "*'model'*")]
    [InlineData("{ \"models\": null }", "*models*")]
    [InlineData("{ \"sparsities\": [\"0.5\"] }", "*sparsities*")]
    [InlineData("{ \"seeds\": [1", "*")]
    [InlineData("", "*")]
    public void Read_WhatIsNoGrid_IsRefusedByName(string text, string message) =>
        FluentActions.Invoking(() => Read(text)).Should().Throw<UsageException>().WithMessage($"*grid.json' does not describe a grid: {message}");

    [Fact]
    public void Read_NoFile_SaysSo() =>
        FluentActions.Invoking(() => GridFile.Read(folder.In("none.json"))).Should().Throw<ProgramException>().WithMessage("*none.json' cannot be read*");

    public void Dispose() => folder.Dispose();

    private IReadOnlyList<Grid> Read(string text)
    {
        File.WriteAllText(folder.In("grid.json"), text);
        return GridFile.Read(folder.In("grid.json"));
    }
}

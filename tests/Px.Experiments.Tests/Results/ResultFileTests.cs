using System.Text.Json.Nodes;
using Px.Experiments.Grids;
using Px.Experiments.Results;
using Px.Runner;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Results;

public sealed class ResultFileTests : IDisposable
{
    private static readonly CellResult Example = new()
    {
        Name = "a-name",
        Protocol = "fig2-small",
        Cell = new() { Model = "resnet20", Data = "fashion-mnist", Method = "px", Sparsity = 0.9, Seed = 1, Epochs = 2, LearningRate = 0.1 },
        Method = "PX",
        Settings = new Dictionary<string, string> { ["learning rate"] = "0.1" },
        Versions = new Dictionary<string, string> { ["Px.Pruning"] = "0.1.0+abc" },
        DataHash = "00ff",
        Training = new() { Measure = "accuracy", Before = 0.1, After = double.NaN, Seconds = 1.0 / 3 },
        Pruning = new()
        {
            Rounds = 20, Seconds = [0.1, 0.2], MaskFile = "mask", Kept = 1, Total = 10, Effective = 1, DenseFlops = 5_000_000_000, Flops = 2, OutputsReached = 9, Outputs = 10,
            Layers = [new() { Name = "conv.weight", Kept = 1, Total = 10, UnitsAlive = 1, Units = 2, Effective = 0 }],
        },
        Spectrum = new() { Samples = 2, Eigenvalues = [1e10, 1e-10], Bound = 3.3 },
        Finished = new DateTime(2026, 11, 26, 1, 2, 3, DateTimeKind.Utc),
    };

    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        ResultFile.Write(folder.In("a.result.json"), Example);

        ResultFile.Read(folder.In("a.result.json")).Should().BeEquivalentTo(Example);
        File.ReadAllText(folder.In("a.result.json")).Should().Contain("0.1.0+abc", "people read it");
        Directory.GetFiles(folder.Path).Should().ContainSingle();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{ \"format\": 1 }")]
    [InlineData("{ \"format\": 1, \"name\": \"cut off")]
    [InlineData("[]")]
    public void Read_WhatIsNoResult_IsRefusedByName(string text)
    {
        File.WriteAllText(folder.In("a.result.json"), text);

        FluentActions.Invoking(() => ResultFile.Read(folder.In("a.result.json"))).Should().Throw<InvalidDataException>().WithMessage("*a.result.json' is damaged, or no result*");
    }

    [Fact]
    public void Read_AnotherFormat_SaysWhich()
    {
        ResultFile.Write(folder.In("a.result.json"), Example with { Format = 2 });

        FluentActions.Invoking(() => ResultFile.Read(folder.In("a.result.json"))).Should().Throw<ProgramException>().WithMessage("*is of format 2; this version reads and writes format 1.*");
    }

    [Fact]
    public void Read_WhatWasChangedSince_IsRefusedByItsChecksum()
    {
        var path = folder.In("a.result.json");
        ResultFile.Write(path, Example with { Method = "a \"quoted\" \\ ∂θ 😀 <&> \u0001 name" });
        ResultFile.Read(path).Method.Should().EndWith("name");
        var text = File.ReadAllText(path);

        foreach (var (before, after) in new[] { ("\"kept\": 1,", "\"kept\": 0,"), ("∂θ", "∂ω"), ("\"seed\": 1", "\"seed\": 2"), ("0.1.0+abc", "0.1.0+abd") })
        {
            text.Should().Contain(before);
            File.WriteAllText(path, text.Replace(before, after, StringComparison.Ordinal));
            FluentActions.Invoking(() => ResultFile.Read(path)).Should().Throw<InvalidDataException>().WithMessage("*by its checksum*");
        }
    }

    [Fact]
    public void Read_OtherWhitespaceOrNoChecksum_IsTheSame()
    {
        var path = folder.In("a.result.json");
        ResultFile.Write(path, Example);
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();

        File.WriteAllText(path, json.ToJsonString());
        ResultFile.Read(path).Should().BeEquivalentTo(Example);
        json.Remove("checksum").Should().BeTrue();
        json["added later"] = 1;
        File.WriteAllText(path, json.ToJsonString());
        ResultFile.Read(path).Should().BeEquivalentTo(Example, "older files have no checksum");
    }

    public void Dispose() => folder.Dispose();
}

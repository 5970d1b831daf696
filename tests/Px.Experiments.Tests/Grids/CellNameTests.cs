using Px.Experiments.Grids;

namespace Px.Experiments.Tests.Grids;

public sealed class CellNameTests
{
    private static readonly Cell Example = new() { Model = "resnet20", Data = "cifar10", Method = "px", Sparsity = 0.9312, Rounds = 100, Seed = 1, Epochs = 160 };

    public static TheoryData<string, Cell> Golden => new()
    {
        { "resnet20-cifar10-px-0.9312-100rounds-seed1-7d7aab09f0", Example },
        { "resnet20-cifar10-dense-seed2-ef7d98c966", Example with { Method = Cell.Dense, Sparsity = 0, Rounds = null, Seed = 2 } },
        {
            "resnet50-tiny-imagenet-moco-snip-0.36-seed3-bc8e982a65",
            new()
            {
                Model = "resnet50", Data = "tiny-imagenet", Initialization = "moco", Method = "snip", Sparsity = 0.36, Seed = 3, Epochs = 182,
                Batch = 64, LearningRate = 0.05, TrainSamples = 1000, TestSamples = 500, SpectrumSamples = 50, TimingRepeats = 5, MinimumDensity = 0.01,
            }
        },
    };

    // The digits at the end are those that `sha256sum` gives of the settings as in Canonical_PropertiesAsUsual_AreLeftOut.
    // Another name for the same cell means that finished ones are not found again: this never changes.
    [Theory]
    [MemberData(nameof(Golden))]
    public void Of_Always_IsTheSame(string name, Cell cell) => CellName.Of(cell).Should().Be(name);

    [Fact]
    public void Of_CellsThatDifferInAnything_Differ()
    {
        Cell[] others =
        [
            Example with { Model = "resnet32" }, Example with { Data = "cifar100" }, Example with { Initialization = "moco" }, Example with { Method = "snip" },
            Example with { Sparsity = 0.93120000000000003 + 1e-15 }, Example with { Rounds = 99 }, Example with { MinimumDensity = 0.1 }, Example with { ScoredOn = "noise" }, Example with { Seed = 3 },
            Example with { Epochs = 1 }, Example with { Batch = 1 }, Example with { LearningRate = 1 }, Example with { TrainSamples = 1 }, Example with { TestSamples = 1 },
            Example with { SpectrumSamples = 1 }, Example with { TimingRepeats = 2 },
        ];

        others.Should().HaveCount(typeof(Cell).GetProperties().Length, "each property is varied once");
        others.Append(Example).Select(CellName.Of).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Canonical_PropertiesAsUsual_AreLeftOut() =>
        CellName.Canonical(Example).Should().Be("""{"data":"cifar10","epochs":160,"method":"px","model":"resnet20","rounds":100,"seed":1,"sparsity":0.9312}""");
}

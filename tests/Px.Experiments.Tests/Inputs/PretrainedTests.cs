using Px.Experiments.Grids;
using Px.Experiments.Inputs;
using Px.Experiments.Results;
using Px.Pruning.Models;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using Px.Runner.CommandLines;
using Px.Runner.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Experiments.Tests.Inputs;

/// <summary>Networks that go on with the data set that their weights have learned.</summary>
public sealed class PretrainedTests : IDisposable
{
    private const byte Red = 51, Green = 102, Blue = 204;
    private const int Plane = 32 * 32;

    private static readonly Cell Trained = new() { Model = "resnet8", Data = "cifar10", Initialization = "cifar10", Method = Cell.Dense, Sparsity = 0, Seed = 1, Epochs = 1 };

    private readonly TemporaryFolder folder = new();

    public PretrainedTests()
    {
        // An image a class in each file, all of one colour.
        byte[] colour = [.. Enumerable.Repeat(Red, Plane), .. Enumerable.Repeat(Green, Plane), .. Enumerable.Repeat(Blue, Plane)];
        foreach (var file in Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin").Append("test_batch.bin"))
            File.WriteAllBytes(folder.In(file), [.. Enumerable.Range(0, 10).SelectMany(label => colour.Prepend((byte)label))]);
    }

    [Fact]
    public void Load_WeightsOfTheDataSet_AreAllInTheNetworkWhateverTheSeed()
    {
        using var published = CifarResNet.Create(new() { Depth = 8, Shortcut = CifarShortcut.ZeroPadding, Seed = 3 });
        published.SaveSafetensors(folder.In("resnet8.safetensors"));

        using var network = Load(Trained).Task.NewNetwork(seed: 7);

        var state = network.state_dict();
        state.Should().HaveCount(published.state_dict().Count);
        foreach (var (name, tensor) in published.state_dict())
            state[name].bytes.ToArray().Should().Equal(tensor.bytes.ToArray(), name);
    }

    [Fact]
    public void Load_WeightsOfTheDataSet_GetImagesInTheirSizeWithTheStatisticsOfImageNet()
    {
        File.WriteAllText(folder.In("resnet8.safetensors"), "is read with the first network");

        Pixel(Load(Trained)).Should().SatisfyRespectively(
            red => red.Should().BeApproximately((0.2 - 0.485) / 0.229, 1e-6),
            green => green.Should().BeApproximately((0.4 - 0.456) / 0.224, 1e-6),
            blue => blue.Should().BeApproximately((0.8 - 0.406) / 0.225, 1e-6));
        Pixel(Load(Trained with { Initialization = Cell.FromScratch }))[0].Should().BeApproximately((0.2 - 0.4914) / 0.2470, 1e-6, "fresh networks get the data set's own");
    }

    [Fact]
    public void Of_FiveEpochsOfFineTuning_StartAtATenthOfTheRateAndFallTwice()
    {
        var recipe = CellRecipe.Of(Trained with { Epochs = 5 });

        recipe.BatchSize.Should().Be(128);
        Enumerable.Range(0, 5).Select(epoch => recipe.LearningRate * recipe.Schedule.FactorAt(new(epoch * 39, 5 * 39, epoch, 5))).Should().SatisfyRespectively(
            new[] { 0.01, 0.01, 0.01, 0.001, 0.0001 }.Select(rate => (Action<double>)(found => found.Should().BeApproximately(rate, 1e-12))));
    }

    [SharedDataFact]
    public void Run_PublishedResNet20_HasItsPublishedAccuracy()
    {
        App.Run(
            [
                "run", "--initializations", "cifar10", "--weights", $"cifar10={SharedData.Path("resnet20-cifar10/resnet20.pth")}", "--data", SharedData.Path("cifar10-subset"),
                "--methods", "dense", "--epochs", "0", "--output", folder.Path,
            ],
            Terminals.Silent, CancellationToken.None).Should().Be(0);

        var result = ResultFile.Read(Directory.GetFiles(folder.Path, $"*{ResultFile.Ending}").Single());
        result.Training.After.Should().Be(932.0 / 1017, "no image is so near to two classes that rounding decides");
        result.Settings["pretrained weights"].Should().StartWith("cifar10, SHA-256 ");
    }

    public void Dispose() => folder.Dispose();

    private CellInputs Load(Cell cell)
    {
        var loader = new InputLoader(
            new NamedPaths(new Value("--data", folder.Path), GridCheck.Data), new NamedPaths(new Value("--weights", $"cifar10={folder.In("resnet8.safetensors")}"), Initializations.Pretrained),
            folder.Path, Terminals.Silent);
        return loader.Load(cell, CancellationToken.None);
    }

    private static double[] Pixel(CellInputs inputs)
    {
        // Borrowed: read before the next.
        foreach (var (input, _) in inputs.Task.TestBatches(CPU))
        {
            input.shape.Should().Equal(10, 3, 32, 32);
            return [.. Enumerable.Range(0, 3).Select(channel => input[0, channel, 16, 16].to(ScalarType.Float64).ToDouble())];
        }

        return [];
    }
}

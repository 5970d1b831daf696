using Px.Experiments.Results;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Inputs;

public sealed class SegmentationTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void Run_SmallDeepLabOnRoadScenes_PrunesAndTrainsTheNetworkOfTheSample()
    {
        TinyScenes.Write(folder.In("scenes.safetensors"));

        App.Run(
            [
                "run", "--models", "deeplabv3plus-small", "--datasets", "camvid", "--data", $"camvid={folder.In("scenes.safetensors")}", "--methods", "magnitude", "--sparsity", "0.59",
                "--batch", "4", "--epochs", "1", "--output", folder.Path,
            ],
            Terminals.Silent, CancellationToken.None).Should().Be(0);

        var result = ResultFile.Read(Directory.GetFiles(folder.Path, $"*{ResultFile.Ending}").Single());
        (result.Pruning!.Kept, result.Pruning.Total).Should().Be((434_843, 1_060_592), "the README of the samples has these");
        result.Training.Measure.Should().Be("mean IoU");
        result.Settings.Should().Contain("learning rate", "0.1").And.NotContainKey("learning rate factor");
        result.Settings["learning rate schedule"].Should().StartWith("PolynomialSchedule");
    }

    public void Dispose() => folder.Dispose();
}

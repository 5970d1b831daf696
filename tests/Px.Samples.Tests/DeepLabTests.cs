using Px.Pruning.Models.StateDicts;
using Px.Runner;
using Px.Runner.Tests.Support;
using Px.Samples.DeepLabSample;
using StbImageSharp;

namespace Px.Samples.Tests;

public sealed class DeepLabTests : IDisposable
{
    private const int Height = TinyScenes.Height, Width = TinyScenes.Width;

    private static readonly (int, int, int) White = (255, 255, 255), Black = (0, 0, 0), Sky = (128, 128, 128);

    private readonly TemporaryFolder data = new(), output = new();

    public DeepLabTests() => TinyScenes.Write(data.In("scenes.safetensors"));

    [Fact]
    public void Run_RoadScenes_TabulatesMeanIouAndPaintsOverlays()
    {
        var run = Tiny("--epochs", "2");

        run.ExitCode.Should().Be(0, run.Output);
        run.Output.Should().Contain("mean IoU");
        run.Table().Select(row => $"{row[0]} {row[1]}").Should().Equal("dense -", "PX 59 %", "Random 59 %");
        var files = Directory.GetFiles(output.In("overlays")).Select(Path.GetFileName).Order().ToList();
        files.Should().Equal(
            "dense-seed1-0.png", "dense-seed1-1.png", "px-0.59-seed1-0.png", "px-0.59-seed1-1.png", "random-0.59-seed1-0.png", "random-0.59-seed1-1.png");

        using var file = File.OpenRead(output.In("overlays/px-0.59-seed1-0.png"));
        var panel = ImageResult.FromStream(file, ColorComponents.RedGreenBlue);
        panel.Width.Should().Be(3 * Width);
        panel.Height.Should().BeGreaterThan(Height, "a legend follows");
        // The sky is painted (200, 200, 255) in the scene and (128, 128, 128) by its class: the second part has their mean.
        Pixel(panel, 2, 0).Should().Be((200, 200, 255));
        Pixel(panel, 2, Width).Should().Be((164, 164, 192));
        // The border is void: half as bright.
        Pixel(panel, 0, Width).Should().Be((100, 100, 128));
        // The I of IMAGE, two pixels from the strip's corner, has three pixels in the middle of its first row.
        Enumerable.Range(2, 5).Select(column => Pixel(panel, Height + 2, column)).Should().Equal(White, Black, Black, Black, White);
        // Below it the first class that is there: a square of the sky's colour, then an S, whose first row lacks its first pixel.
        Enumerable.Range(2, 11).Select(column => Pixel(panel, Height + 13, column)).Should().Equal([.. Enumerable.Repeat(Sky, 7), White, White, White, Black]);
        Pixel(panel, Height + 13, 13).Should().Be(Black);
    }

    [Fact]
    public void Run_BackboneWeights_AreLoadedWithoutTheirClassifier()
    {
        using (var classifier = Px.Pruning.Models.ResNet.Create(new() { Depth = 18, Width = 8, Seed = 3 }))
            classifier.SaveSafetensors(data.In("resnet18.safetensors"));

        var run = Tiny("--weights", data.In("resnet18.safetensors"), "--epochs", "0", "--methods", "random");

        run.ExitCode.Should().Be(0, run.Output);
        using var backbone = SafetensorsFile.Load(data.In("resnet18.safetensors"));
        using var trained = SafetensorsFile.Load(output.In("dense-seed1.weights.safetensors"));
        trained["backbone.layer4.1.conv2.weight"].bytes.ToArray().Should().Equal(backbone["layer4.1.conv2.weight"].bytes.ToArray());
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(2, "--stride", "4")]
    [InlineData(1, "--data", "no such file")]
    [InlineData(1, "--dataset", "voc2012", "--data", "no such folder")]
    public void Run_NothingToDo_TellsByItsExitCode(int exitCode, params string[] arguments) => Tiny(arguments).ExitCode.Should().Be(exitCode);

    [Fact]
    public void Run_CamVidWithoutItsFile_SaysThatItIsNeeded()
    {
        var run = SampleRun.Of(Sample.Run, "--output", output.Path);

        run.ExitCode.Should().Be(ExitCode.Usage);
        run.Output.Should().Contain("--data is needed");
    }

    public void Dispose()
    {
        data.Dispose();
        output.Dispose();
    }

    private SampleRun Tiny(params string[] arguments) => SampleRun.Of(
        Sample.Run,
        [
            "--data", data.In("scenes.safetensors"), "--width", "8", "--head", "16", "--batch", "4", "--max-rounds", "2", "--pruning-images", "8", "--overlays", "2",
            "--output", output.Path, .. arguments,
        ]);

    private static (int, int, int) Pixel(ImageResult image, int row, int column)
    {
        var start = ((row * image.Width) + column) * 3;
        return (image.Data[start], image.Data[start + 1], image.Data[start + 2]);
    }
}

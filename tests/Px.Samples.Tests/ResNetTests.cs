using System.Diagnostics;
using System.Globalization;
using Px.Pruning;
using Px.Pruning.Models.StateDicts;
using Px.Runner;
using Px.Runner.Tests.Support;
using Px.Runner.Training;
using Px.Samples.ResNetSample;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Samples.Tests;

public sealed class ResNetTests : IDisposable
{
    private readonly TemporaryFolder data = new(), output = new(), again = new();

    public ResNetTests() => TinyImages.Write(data.Path, train: 160, test: 40);

    [Fact]
    public void Run_MethodsAndSparsities_TabulatesThemAndHoldsTheirMasks()
    {
        var run = Tiny(output, "--methods", "px,snip,imp,random", "--sparsity", "0.36,0.8", "--epochs", "1");

        run.ExitCode.Should().Be(0, run.Output);
        run.Table().Select(row => $"{row[0]} {row[1]}").Should().Equal(
            "dense -", "PX 36 %", "SNIP 36 %", "IMP 36 %", "Random 36 %", "PX 80 %", "SNIP 80 %", "IMP 80 %", "Random 80 %");
        foreach (var (method, sparsity) in (IEnumerable<(string, string)>)[("px", "0.8"), ("imp", "0.36"), ("random", "0.8")])
        {
            using var temporaries = NewDisposeScope();
            using var mask = PruningMask.Load(output.In($"{method}-{sparsity}-seed1.mask.safetensors"));
            using var weights = SafetensorsFile.Load(output.In($"{method}-{sparsity}-seed1.weights.safetensors"));
            mask.Kept.Should().Be((long)Math.Round((1 - double.Parse(sparsity, CultureInfo.InvariantCulture)) * mask.Total, MidpointRounding.AwayFromZero));
            mask.Names.Sum(name => weights[name].masked_select(mask[name].logical_not()).count_nonzero().ToInt64()).Should().Be(0, method);
        }
    }

    [Fact]
    public void Run_ProcessKilledAndResumed_WritesTheSameBytes()
    {
        string[] arguments = ["--methods", "snip", "--sparsity", "0.5", "--no-dense", "--epochs", "40"];
        Tiny(output, arguments).ExitCode.Should().Be(0);

        using (var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(Sample).Assembly.Location, .. Arguments(again), .. arguments]) { RedirectStandardOutput = true })!)
        {
            SpinWait.SpinUntil(() => process.HasExited || File.Exists(again.In("snip-0.5-seed1.checkpoint.safetensors")), TimeSpan.FromMinutes(1));
            process.HasExited.Should().BeFalse("it has forty epochs to go through");
            process.Kill();
            process.WaitForExit();
        }

        File.Exists(again.In("snip-0.5-seed1.result.json")).Should().BeFalse("it was killed on the way");
        Tiny(again, [.. arguments, "--resume"]).ExitCode.Should().Be(0);
        foreach (var file in (string[])["snip-0.5-seed1.weights.safetensors", "snip-0.5-seed1.mask.safetensors"])
            File.ReadAllBytes(again.In(file)).Should().Equal(File.ReadAllBytes(output.In(file)), file);
    }

    [Fact]
    public void Run_PretrainedWeights_StartsWhereTheirTrainingEnded()
    {
        var trained = Tiny(output, "--sparsity", "0.5", "--methods", "random", "--epochs", "2").Table();

        var run = Tiny(again, "--weights", output.In("dense-seed1.weights.safetensors"), "--sparsity", "0", "--methods", "magnitude", "--epochs", "0", "--no-dense");

        run.Table().Should().ContainSingle().Which[2].Should().Be(trained[0][3], "nothing was removed and nothing trained");
    }

    [Fact]
    public void Run_WeightsOfAnotherNetwork_SaysWhatDiffers()
    {
        Tiny(output, "--sparsity", "0.5", "--methods", "random", "--epochs", "0");

        var run = Tiny(again, "--weights", output.In("dense-seed1.weights.safetensors"), "--depth", "14", "--epochs", "0");

        run.ExitCode.Should().Be(ExitCode.Failed);
        run.Output.Should().Contain("does not fit the network").And.Contain("layer1.1.conv1.weight");
    }

    [SharedDataFact]
    public void Run_PublishedResNet20_HasItsPublishedAccuracyBeforePruning()
    {
        var run = SampleRun.Of(
            Sample.Run, "--data", SharedDataFactAttribute.Path("cifar10-subset"), "--weights", SharedDataFactAttribute.Path("resnet20-cifar10/resnet20.pth"),
            "--zero-padding", "--imagenet-statistics", "--methods", "magnitude", "--sparsity", "0.36", "--epochs", "0", "--output", output.Path);

        run.ExitCode.Should().Be(0, run.Output);
        double.Parse(run.Table()[0][2].TrimEnd('%', ' '), CultureInfo.InvariantCulture).Should().Be(91.64, "932 of 1,017 images, of which none is so near to two classes that rounding decides");
    }

    [Fact]
    public void Run_PretrainedOnImageNet_TransfersAllButTheClassifier()
    {
        using (var network = Px.Pruning.Models.ResNet.Create(new() { Depth = 18, InputChannels = 1, Seed = 5 }))
            network.SaveCheckpoint(data.In("resnet18.pth"));

        var run = Tiny(output, "--weights", data.In("resnet18.pth"), "--pretraining", "imagenet", "--depth", "18", "--image-size", "32", "--methods", "random", "--epochs", "0");

        run.ExitCode.Should().Be(0, run.Output);
        using var file = CheckpointFile.Load(data.In("resnet18.pth"));
        using var weights = SafetensorsFile.Load(output.In("dense-seed1.weights.safetensors"));
        weights["layer4.1.conv2.weight"].bytes.ToArray().Should().Equal(file["layer4.1.conv2.weight"].bytes.ToArray());
        weights["fc.weight"].shape.Should().Equal(10, 512);
    }

    [Fact]
    public void Run_Demo_WritesMasksWeightsReportsAndResults()
    {
        var run = Demo(output, "--sparsity", "0.9");

        run.ExitCode.Should().Be(0, run.Output);
        run.Table().Select(row => $"{row[0]} {row[1]}").Should().Equal("dense -", "PX 90 %", "SNIP 90 %", "Magnitude 90 %", "Random 90 %");
        foreach (var method in (string[])["px", "snip", "magnitude", "random"])
        {
            using var mask = PruningMask.Load(output.In($"{method}-0.9-seed1.mask.safetensors"));
            (mask.Kept, mask.Total).Should().Be((27_061, 270_608), method);
            File.Exists(output.In($"{method}-0.9-seed1.weights.safetensors")).Should().BeTrue(method);
            File.ReadAllText(output.In($"{method}-0.9-seed1.report.txt")).Should().Contain("layer3.2.conv2.weight");
        }

        var rows = File.ReadAllLines(output.In("results.csv")).Select(line => line.Split(',')).ToList();
        rows.Select(row => row[0]).Should().Equal("method", "dense", "PX", "SNIP", "Magnitude", "Random");
        rows.Skip(1).Select(row => row[6]).Should().Equal("270608", "27061", "27061", "27061", "27061");
    }

    [Fact]
    public void Run_DemoTwice_WritesTheSameBytes()
    {
        Demo(output, "--methods", "snip", "--sparsity", "0.98").ExitCode.Should().Be(0);
        Demo(again, "--methods", "snip", "--sparsity", "0.98").ExitCode.Should().Be(0);

        foreach (var file in (string[])["dense-seed1.weights.safetensors", "snip-0.98-seed1.weights.safetensors", "snip-0.98-seed1.mask.safetensors"])
            File.ReadAllBytes(again.In(file)).Should().Equal(File.ReadAllBytes(output.In(file)), file);
    }

    [Fact]
    public void Parse_Demo_IsTheReadmesRun()
    {
        var options = ResNetSampleOptions.Define().Parse(["--demo"]);

        (options.Dataset, options.Depth, options.TrainSamples, options.TestSamples, options.MaxRounds, options.Output)
            .Should().Be(("fashion-mnist", 20, 10_000, 5_000, 10, "demo-output"));
        options.Methods.Should().Equal("px", "snip", "magnitude", "random");
        options.Sparsities.Should().Equal(0.9, 0.98);
        options.Recipe().Should().Be(new Recipe { LearningRate = 0.1, Schedule = new CosineSchedule(), Epochs = 2, BatchSize = 64 });
    }

    [Theory]
    [InlineData("--demo", "--quick", "--epochs", "4")]
    [InlineData("--epochs", "4", "--demo", "--quick")]
    public void Parse_QuickWithAnExplicitOption_KeepsTheExplicitOne(params string[] arguments)
    {
        var options = ResNetSampleOptions.Define().Parse(arguments);

        (options.Dataset, options.Epochs, options.TrainSamples, options.Batch, options.MaxRounds).Should().Be(("fashion-mnist", 4, 1280, 32, 2));
        options.Sparsities.Should().Equal(0.9);
    }

    [Fact]
    public void Help_EveryOption_IsExplainedOnShortLines()
    {
        var lines = SampleRun.Of(Sample.Run, "--help").Output.Split('\n');

        lines.Should().OnlyContain(line => line.Length < 100);
        lines.SelectMany(line => line.Split(' ', ',')).Should().Contain(
            ["--dataset", "--data", "--depth", "--weights", "--demo", "--quick", "--methods", "--sparsity", "--epochs", "--device", "--output", "--resume", "--help"]);
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(2, "--no-such-option")]
    [InlineData(2, "--pretraining", "moco")]
    [InlineData(2, "--depth", "21")]
    [InlineData(1, "--data", "no such folder")]
    [InlineData(1, "--test-samples", "41")]
    [InlineData(1, "--weights", "no such file")]
    public void Run_NothingToDo_TellsByItsExitCode(int exitCode, params string[] arguments) => Tiny(output, arguments).ExitCode.Should().Be(exitCode);

    public void Dispose()
    {
        data.Dispose();
        output.Dispose();
        again.Dispose();
    }

    private SampleRun Demo(TemporaryFolder into, params string[] arguments) => SampleRun.Of(
        Sample.Run, ["--demo", "--quick", "--data", data.Path, "--output", into.Path, "--train-samples", "160", "--test-samples", "40", "--batch", "16", .. arguments]);

    private SampleRun Tiny(TemporaryFolder into, params string[] arguments) => SampleRun.Of(Sample.Run, [.. Arguments(into), .. arguments]);

    private string[] Arguments(TemporaryFolder into) =>
        ["--dataset", "fashion-mnist", "--data", data.Path, "--depth", "8", "--batch", "16", "--max-rounds", "2", "--output", into.Path];
}

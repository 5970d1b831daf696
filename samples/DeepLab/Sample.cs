using Px.Pruning.Models;
using Px.Runner;
using Px.Runner.Display;
using Px.Runner.Experiments;
using Px.Runner.Images;
using Px.Runner.Networks;
using Px.Runner.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Samples.DeepLabSample;

/// <summary>Prunes DeepLabV3+ on CamVid or Pascal VOC 2012, trains what is left, tabulates mean IoU, and writes coloured overlays.</summary>
public static class Sample
{
    /// <summary>Runs the program.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token) => ConsoleProgram.Run(
        DeepLabSampleOptions.Define().ToCommand("deeplab", "Prunes DeepLabV3+, trains what is left, and compares the methods by mean IoU.", options => Run(options, terminal, token)),
        arguments, terminal, token, Experiment.CancelledText);

    private static void Run(DeepLabSampleOptions options, Terminal terminal, CancellationToken token)
    {
        var device = Devices.Choose(options.Cuda);
        var sets = SegmentationSets.Load(options.Dataset, options.Data, options.Crop, options.TrainSamples, options.TestSamples, terminal, token);
        var folder = RunFolder.Open(options);
        var workers = options.Dataset == SegmentationSets.CamVid ? 0 : Math.Min(4, Environment.ProcessorCount);
        var task = new SegmentationTask(sets, options.PruningImages, workers, seed => NewNetwork(options, sets.Train.Classes, seed));
        var overlays = new OverlayWriter(sets.Test, Palette.Of(options.Dataset, sets.Test.Classes), device);
        terminal.WriteLine($"DeepLabV3+ on ResNet-{options.Depth}, width {options.Width}, output stride {options.OutputStride}, on {options.Dataset}: "
            + $"{sets.Train.Count} images to train on, {sets.Test.Count} to test on.");
        new Experiment(task, options.Recipe(), options, folder, device, terminal)
        {
            Trained = (name, network) => overlays.Write(folder.In("overlays"), name, network, options.Overlays),
        }.Run(token);
        if (options.Overlays > 0)
            terminal.WriteLine($"Image, truth and prediction side by side are in {folder.In("overlays")}.");
    }

    private static Module<Tensor, Tensor> NewNetwork(DeepLabSampleOptions options, int classes, long seed)
    {
        var network = new DeepLabOptions
        {
            Depth = options.Depth, Width = options.Width, HeadChannels = options.HeadChannels, OutputStride = options.OutputStride, Classes = classes, Seed = seed,
        };
        return WeightFile.Load(options.Weights ?? "", () => KnownNetworks.DeepLab(network, options.Pretraining, options.Weights));
    }
}

using Px.Pruning.Models;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.StateDicts;
using Px.Runner;
using Px.Runner.CommandLines;
using Px.Runner.Display;
using Px.Runner.Experiments;
using Px.Runner.Images;
using Px.Runner.Networks;
using Px.Runner.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Samples.ResNetSample;

/// <summary>Prunes ResNets on CIFAR-10 or Fashion-MNIST, from scratch or from pretrained weights, trains what is left, and tabulates the accuracies.</summary>
public static class Sample
{
    /// <summary>Runs the program.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token) => ConsoleProgram.Run(
        ResNetSampleOptions.Define().ToCommand("resnet", "Prunes ResNets on images of 32x32 or 28x28, trains what is left, and compares the methods.", options => Run(options, terminal, token)),
        arguments, terminal, token, Experiment.CancelledText);

    private static void Run(ResNetSampleOptions options, Terminal terminal, CancellationToken token)
    {
        if (options.Pretraining is not null && options.Weights is null)
            throw new UsageException("--pretraining needs --weights: the file with what was learned");
        var device = Devices.Choose(options.Cuda);
        var images = KnownImages.Load(options.Dataset, options.Data, options.ImageNetStatistics, options.TrainSamples, options.TestSamples, terminal, token);
        if (options.ImageSize is { } side)
            images = new ImageSets(images.Train.Resized(side), images.Test.Resized(side));
        var task = new ImageTask(images, seed => NewNetwork(options, images.Train, seed), options.Demo ? new PaddedCrop { Padding = 0 } : new PaddedCrop());
        terminal.WriteLine($"ResNet-{options.Depth} on {options.Dataset}, {(options.Weights is null ? "from scratch" : $"from {options.Weights}")}: "
            + $"{images.Train.Count} images to train on, {images.Test.Count} to test on.");
        new Experiment(task, options.Recipe(), options, RunFolder.Open(options), device, terminal).Run(token);
    }

    private static Module<Tensor, Tensor> NewNetwork(ResNetSampleOptions options, ImageDataset images, long seed)
    {
        try
        {
            if (options.Pretraining is { } pretraining)
                return WeightFile.Load(options.Weights!, () => KnownNetworks.Pretrained(pretraining, options.Weights!, options.Depth, images, seed));
            var network = KnownNetworks.ResNet(options.Depth, images, seed, options.ZeroPadding ? CifarShortcut.ZeroPadding : CifarShortcut.Projection);
            if (options.Weights is not null)
                WeightFile.Load(options.Weights, () => network.LoadWeights(options.Weights));
            return network;
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--depth {options.Depth}: {e.Message}");
        }
    }
}

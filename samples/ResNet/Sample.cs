using Px.Pruning.Models;
using Px.Pruning.Models.Data;
using Px.Samples.CommandLines;
using Px.Samples.Display;
using Px.Samples.Experiments;
using Px.Samples.Images;
using Px.Samples.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Samples.ResNetSample;

/// <summary>Prunes ResNets on CIFAR-10 or Fashion-MNIST, from scratch or from pretrained weights, trains what is left, and tabulates the accuracies.</summary>
public static class Sample
{
    /// <summary>Runs the program.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token)
    {
        var options = ResNetOptions.Define();
        return new SampleProgram("resnet", () => $"Prunes ResNets on images of 32x32 or 28x28, trains what is left, and compares the methods.\n\n{options.Describe()}")
        {
            Cancelled = Experiment.CancelledText,
        }.Run(arguments, terminal, () => Run(options.Parse(arguments), terminal, token), token);
    }

    private static void Run(ResNetOptions options, Terminal terminal, CancellationToken token)
    {
        var device = Devices.Choose(options.Cuda);
        var images = KnownImages.Load(options.Dataset, options.Data, options.ImageNetStatistics, options.TrainSamples, options.TestSamples, terminal, token);
        var task = new ImageTask(images, seed => NewNetwork(options, images.Train, seed), new ImageAugmentation());
        terminal.WriteLine($"ResNet-{options.Depth} on {options.Dataset}, {(options.Weights is null ? "from scratch" : $"from {options.Weights}")}: "
            + $"{images.Train.Count} images to train on, {images.Test.Count} to test on.");
        new Experiment(task, options.Recipe(), options, RunFolder.Open(options), device, terminal).Run(token);
    }

    private static Module<Tensor, Tensor> NewNetwork(ResNetOptions options, ImageDataset images, long seed)
    {
        Module<Tensor, Tensor> network;
        try
        {
            network = options.Depth is 18 or 34 or 50 or 101 or 152
                ? ResNet.Create(new() { Depth = options.Depth, Classes = images.Classes, InputChannels = images.Channels, Stem = ResNetStem.ThreeByThree, Seed = seed })
                : CifarResNet.Create(new()
                {
                    Depth = options.Depth,
                    Classes = images.Classes,
                    InputChannels = images.Channels,
                    Shortcut = options.ZeroPadding ? CifarShortcut.ZeroPadding : CifarShortcut.Projection,
                    Seed = seed,
                });
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--depth {options.Depth}: {e.Message}");
        }

        if (options.Weights is not null)
            WeightFile.Load(network, options.Weights, options.NewClassifier);
        return network;
    }
}

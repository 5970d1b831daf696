using Px.Pruning.Models.Data;
using Px.Runner;
using Px.Runner.Display;
using Px.Runner.Experiments;
using Px.Runner.Images;
using Px.Runner.Networks;

namespace Px.Samples.VggSample;

/// <summary>Prunes the paper's VGG-16 with batch norm on CIFAR-100, trains what is left, and tabulates the accuracies.</summary>
public static class Sample
{
    /// <summary>Runs the program.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token) => ConsoleProgram.Run(
        VggSampleOptions.Define().ToCommand("vgg", "Prunes a VGG with batch norm on CIFAR-100, trains what is left, and compares the methods.", options => Run(options, terminal, token)),
        arguments, terminal, token, Experiment.CancelledText);

    private static void Run(VggSampleOptions options, Terminal terminal, CancellationToken token)
    {
        var device = Devices.Choose(options.Cuda);
        var folder = RunFolder.Open(options);
        if (options.Dataset != KnownImages.Cifar100)
            terminal.WriteLine($"A stand-in: {options.Dataset} is not CIFAR-100, and nothing here compares with published numbers.");
        var images = KnownImages.Load(
            options.Dataset, options.Dataset == KnownImages.Synthetic ? folder.In("data") : options.Data, imageNet: false, options.TrainSamples, options.TestSamples, terminal, token);
        var task = new ImageTask(
            images,
            seed => KnownNetworks.Vgg(options.Depth, options.Width, images.Train, seed),
            new PaddedCrop());
        terminal.WriteLine($"VGG-{options.Depth} with batch norm, width {options.Width}, on {options.Dataset}: {images.Train.Count} images to train on, {images.Test.Count} to test on.");
        new Experiment(task, options.Apply(VggSampleOptions.FromScratch), options, folder, device, terminal).Run(token);
    }
}

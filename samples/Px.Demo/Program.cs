using System.Diagnostics;
using Px.Demo;
using Px.Demo.CommandLines;
using Px.Demo.Experiments;
using Px.Runner;
using Px.Runner.Display;
using Px.Runner.Images;
using TorchSharp;

return ConsoleProgram.Main(args, (arguments, terminal, token) =>
    new ConsoleProgram("px-demo", () => CommandLine.Help).Run(arguments, terminal, () => Run(CommandLine.Parse(arguments), terminal, token), token));

static void Run(DemoOptions options, Terminal terminal, CancellationToken token)
{
    var watch = Stopwatch.StartNew();
    var device = Devices.Choose(options.Cuda);
    var output = OutputFolder.Create(options.Output);
    var results = new List<NetworkResult>();
    try
    {
        var images = KnownImages.Load(KnownImages.FashionMnist, options.Data, imageNet: false, options.TrainSamples, options.TestSamples, terminal, token);
        terminal.WriteLine($"Fashion-MNIST: {images.Train.Count:N0} images to train on, {options.Epochs} x; {images.Test.Count:N0} to test on.");
        terminal.WriteLine($"{1 + options.Methods.Count * options.Sparsities.Count} networks, ResNet-20 on {device.type}; Ctrl+C stops.");
        terminal.WriteLine();

        var experiment = new Experiment(options, images, device, output, terminal);
        Keep(experiment.Dense(token));
        foreach (var sparsity in options.Sparsities)
        {
            foreach (var method in options.Methods)
                Keep(experiment.Pruned(method, sparsity, token));
        }

        terminal.WriteLine();
        terminal.WriteLine(ResultRows.Table(results).ToString());
        terminal.WriteLine();

        var saved = results.First(result => result.IsPruned);
        var reloaded = experiment.Reloaded(saved.FileName, token);
        if (reloaded != saved.Accuracy)
            throw new ProgramException($"{saved.Title}: the accuracy was {saved.Accuracy:P2}, and is {reloaded:P2} after saving and reloading.");
        terminal.WriteLine($"Saved and reloaded: {saved.Title}, into a fresh network, has the same accuracy of {reloaded:P2}.");
        terminal.WriteLine($"Masks, weights, reports and results.csv are in {output.Path}. Took {Durations.Clock(watch.Elapsed)}.");
    }
    catch (OperationCanceledException) when (token.IsCancellationRequested)
    {
        terminal.WriteLine($"{results.Count} networks were finished; what they left is in {output.Path}.");
        throw;
    }

    void Keep(NetworkResult result)
    {
        results.Add(result);
        output.WriteResults(results, options);
        terminal.WriteLine($"{result.Title}: {result.Accuracy:P2} of the test images right");
    }
}

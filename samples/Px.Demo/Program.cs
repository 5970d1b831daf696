using System.Diagnostics;
using Px.Demo;
using Px.Demo.CommandLines;
using Px.Demo.Display;
using Px.Demo.Experiments;
using Px.Demo.Images;
using TorchSharp;

try
{
    var options = CommandLine.Parse(args);
    if (options.Help)
    {
        Console.WriteLine(Usage.Text);
        return ExitCode.Done;
    }

    using var interrupt = new Interrupt();
    return Run(options, Terminal.Standard(), interrupt.Token);
}
catch (UsageException e)
{
    return Fail(e.Message, ExitCode.Usage);
}
catch (Exception e) when (e is DemoException or IOException or UnauthorizedAccessException)
{
    return Fail(e.Message, ExitCode.Failed);
}

static int Run(DemoOptions options, Terminal terminal, CancellationToken token)
{
    var watch = Stopwatch.StartNew();
    var device = Devices.Choose(options);
    var output = OutputFolder.Create(options.Output);
    var results = new List<NetworkResult>();
    try
    {
        using var client = new HttpClient();
        var folder = new FashionMnistFinder { Download = new FashionMnistDownload(client) }.Find(options.Data, terminal, token);
        var images = ImageSets.Load(folder, options);
        terminal.WriteLine($"Fashion-MNIST from {folder}: {images.Train.Count:N0} images to train on, {options.Epochs} x; {images.Test.Count:N0} to test on.");
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
            throw new DemoException($"{saved.Title}: the accuracy was {saved.Accuracy:P2}, and is {reloaded:P2} after saving and reloading.");
        terminal.WriteLine($"Saved and reloaded: {saved.Title}, into a fresh network, has the same accuracy of {reloaded:P2}.");
        terminal.WriteLine($"Masks, weights, reports and results.csv are in {output.Path}. Took {Durations.Clock(watch.Elapsed)}.");
        return ExitCode.Done;
    }
    catch (OperationCanceledException) when (token.IsCancellationRequested)
    {
        terminal.WriteLine($"Cancelled. {results.Count} networks were finished; what they left is in {output.Path}.");
        return ExitCode.Cancelled;
    }

    void Keep(NetworkResult result)
    {
        results.Add(result);
        output.WriteResults(results, options);
        terminal.WriteLine($"{result.Title}: {result.Accuracy:P2} of the test images right");
    }
}

static int Fail(string message, int exitCode)
{
    Console.Error.WriteLine($"px-demo: {message}");
    return exitCode;
}

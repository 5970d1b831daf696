using System.Diagnostics;
using System.Globalization;
using Px.Benchmarks.Comparison;
using Px.Pruning.Models;
using Px.Pruning.Models.StateDicts;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Networks;

/// <summary>A ResNet-18 of the library at work, in a process of its own; answers the commands of <c>benchmarks/python/networks.py</c>.</summary>
internal sealed class NetworkWorker : IDisposable
{
    internal const string Command = "network-worker";

    private const string ModelFile = "resnet18.safetensors", BatchFile = "batch.safetensors";

    private readonly ResNet model;
    private readonly optim.Optimizer optimizer;
    private readonly Tensor input, target;

    private NetworkWorker(int batch, int imageSize)
    {
        using var generator = new Generator(1);
        model = ResNet.Create(new ResNetOptions { Depth = 18, Seed = 1 });
        input = randn([batch, 3, imageSize, imageSize], generator: generator);
        target = arange(batch, int64).remainder(10);
        optimizer = optim.SGD(model.parameters(), 0.01, momentum: 0.9, weight_decay: 1e-4);
    }

    /// <param name="arguments">Threads and folder.</param>
    internal static void Run(string[] arguments)
    {
        set_num_threads(int.Parse(arguments[0], CultureInfo.InvariantCulture));
        using var worker = Standard();
        worker.model.LoadSafetensors(Path.Combine(arguments[1], ModelFile));
        Console.WriteLine($"ready {ProcessMemory.Library("libtorch_cpu")}");
        while (Console.ReadLine() is { } line) Console.WriteLine(worker.Answer(line.Split(' ')));
    }

    /// <summary>Writes the network and the batch for both sides.</summary>
    internal static void Save(string folder)
    {
        using var worker = Standard();
        worker.model.SaveSafetensors(Path.Combine(folder, ModelFile));
        SafetensorsFile.Save(Path.Combine(folder, BatchFile), new Dictionary<string, Tensor> { ["input"] = worker.input, ["target"] = worker.target });
    }

    public void Dispose()
    {
        optimizer.Dispose();
        model.Dispose();
        input.Dispose();
        target.Dispose();
    }

    private static NetworkWorker Standard() => new(batch: 32, imageSize: 64);

    private string Answer(string[] words)
    {
        switch (words[0])
        {
            case "warm":
                using (var tiny = new NetworkWorker(batch: 2, imageSize: 32)) tiny.Pass(words[1]);
                return "ok";
            case "time":
                var watch = Stopwatch.StartNew();
                Pass(words[1]);
                return watch.Elapsed.TotalSeconds.ToString("F6", CultureInfo.InvariantCulture);
            default:
                GC.Collect();
                GC.WaitForPendingFinalizers();
                ProcessMemory.ResetPeak();
                long before = ProcessMemory.Resident();
                // The second step has the first one's momentum beside its gradients.
                Pass(words[1]);
                Pass(words[1]);
                return string.Create(CultureInfo.InvariantCulture, $"{before} {ProcessMemory.Peak()}");
        }
    }

    private void Pass(string name)
    {
        using var scope = NewDisposeScope();
        bool forwardOnly = name == "forward";
        if (model.training == forwardOnly) model.train(!forwardOnly);
        using var gradients = set_grad_enabled(!forwardOnly);
        if (!forwardOnly) model.zero_grad();
        var output = model.call(input);
        if (forwardOnly) return;
        nn.functional.cross_entropy(output, target).backward();
        optimizer.step();
    }
}

using System.Diagnostics;
using System.Globalization;
using Px.Benchmarks.Comparison;
using Px.Pruning;
using Px.Pruning.Models;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Shrinking;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Benchmarks.Channels;

/// <summary>A network and the same without channels, in a process of their own: answers how large and how fast they are.</summary>
internal sealed class ChannelWorker : IDisposable
{
    internal const string Command = "channel-worker";
    internal const int Batch = 8, Side = 224;

    private readonly Module<Tensor, Tensor> dense, small;
    private readonly string sizes = "";
    private readonly Tensor input = randn(Batch, 3, Side, Side);
    private readonly Dictionary<Module<Tensor, Tensor>, optim.Optimizer> optimizers = [];

    // saved: what another worker has saved of the small network, which takes minutes to make of a large one; null to make it here.
    private ChannelWorker(string network, string? saved)
    {
        dense = Create(network);
        if (saved is null) (small, sizes) = Prune(network);
        else small = Load(network, saved);
        foreach (var model in new[] { dense, small }) optimizers[model] = optim.SGD(model.parameters(), 0.01, momentum: 0.9);
    }

    internal static void Run(string[] arguments)
    {
        set_num_threads(1);
        using var worker = new ChannelWorker(arguments[0], arguments.ElementAtOrDefault(1));
        Console.WriteLine("ready " + ProcessMemory.Library("libtorch_cpu"));
        while (Console.ReadLine() is { } line) Console.WriteLine(worker.Answer(line.Split(' ')));
    }

    public void Dispose()
    {
        foreach (var optimizer in optimizers.Values) optimizer.Dispose();
        dense.Dispose();
        small.Dispose();
        input.Dispose();
    }

    private static Module<Tensor, Tensor> Create(string network) => network switch
    {
        "resnet18" => ResNet.Create(new() { Depth = 18, Seed = 1 }),
        "vgg16-bn" => Vgg.Create(new() { Seed = 1 }),
        "mobilenetv2" => torchvision.models.mobilenet_v2(),
        "deeplabv3plus" => DeepLab.Create(new() { Seed = 1, OutputStride = 16 }),
        _ => throw new ArgumentException($"There is no network '{network}'."),
    };

    private (Module<Tensor, Tensor> Small, string Sizes) Prune(string network)
    {
        using var result = new SynFlowPruner().PruneChannels(dense, () => Create(network), PruningData.Shape(3, Side, Side), ChannelTarget.Flops(0.5), new()
        {
            RoundTo = 8,
            Scoring = new() { Rounds = 10, Seed = 1 },
            Shrinking = new() { LatencyRuns = 0 },
        });
        var shrunk = result.Shrunk;
        return (result.Model, string.Create(CultureInfo.InvariantCulture,
            $"{(double)shrunk.Flops / shrunk.FlopsBefore} {(double)shrunk.Parameters / shrunk.ParametersBefore}"));
    }

    private static Module<Tensor, Tensor> Load(string network, string path)
    {
        var model = Create(network);
        using var state = SafetensorsFile.Load(path);
        Shrinker.Fit(model, state);
        model.LoadStateDict(state);
        return model;
    }

    private string Answer(string[] words)
    {
        if (words[0] == "sizes") return sizes;
        if (words[0] == "save")
        {
            small.SaveSafetensors(words[1]);
            return "0";
        }

        var (model, pass) = (words[1] == "small" ? small : dense, words[2]);
        if (words[0] == "time")
        {
            var watch = Stopwatch.StartNew();
            Pass(model, pass);
            return watch.Elapsed.TotalSeconds.ToString("F6", CultureInfo.InvariantCulture);
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        ProcessMemory.ResetPeak();
        long before = ProcessMemory.Resident();
        // The second step has the first one's momentum beside its gradients.
        Pass(model, pass);
        Pass(model, pass);
        return string.Create(CultureInfo.InvariantCulture, $"{before} {ProcessMemory.Peak()}");
    }

    private void Pass(Module<Tensor, Tensor> model, string pass)
    {
        using var scope = NewDisposeScope();
        bool forwardOnly = pass == "forward";
        if (model.training == forwardOnly) model.train(!forwardOnly);
        using var gradients = set_grad_enabled(!forwardOnly);
        if (!forwardOnly) model.zero_grad();
        var output = model.call(input);
        if (forwardOnly) return;
        output.square().mean().backward();
        optimizers[model].step();
    }
}

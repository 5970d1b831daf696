using Px.Benchmarks.Comparison;
using Px.Runner;
using Px.Runner.CommandLines;
using Px.Runner.Display;
using static Px.Benchmarks.Comparison.Statistics;

namespace Px.Benchmarks.Channels;

/// <summary>
/// What half of the FLOPs are worth: forward passes and training steps of networks before and after channels were removed by SynFlow, in turn
/// in one process on one thread, and the peak memory of each in a process of its own.
/// </summary>
internal static class ChannelTable
{
    internal const string Command = "channels";

    private static readonly (string Network, double Target)[] networks = [("resnet18", 0.65), ("vgg16-bn", 0.7), ("mobilenetv2", 0.7), ("deeplabv3plus", 0.7)];

    private static readonly string[] sides = ["dense", "small"];

    internal static int Run(string[] arguments)
    {
        string[] known = [.. networks.Select(network => network.Network)];
        var options = new OptionSet<Options>(new Options([], 9))
            .Add("--pairs", "N", "timed pairs of each [9]", (o, value) => o with { Pairs = value.Whole(1, 1000) })
            .AddOperands("NETWORK", $"{string.Join(", ", known)} [all]", (o, value) => o with { Networks = [.. o.Networks, value.OneOf(known)] });
        return ConsoleProgram.Run(
            options.ToCommand(Command, "Forward passes, training steps and peak memory before and after channels were removed to half of the FLOPs.", Print),
            arguments, Terminal.Standard(), CancellationToken.None);
    }

    private static void Print(Options options)
    {
        var (chosen, pairs) = options;
        var table = new Table(
            $"Channels removed to half of the FLOPs, batch {ChannelWorker.Batch}, one thread, {pairs} pairs; times and MiB: dense, small", 10,
            "network      ", "FLOPs", "params", "forward s", "small s", "ratio", "lowest", "highest", "target", "", "step s", "small s", "ratio",
            "lowest", "highest", "target", "", "MiB fwd", "small", "MiB step", "small");
        foreach (var (network, target) in networks.Where(network => chosen.Count == 0 || chosen.Contains(network.Network)))
        {
            var folder = Directory.CreateTempSubdirectory("px-channels-");
            try
            {
                table.Add(Row(network, target, pairs, Path.Combine(folder.FullName, "small.safetensors")));
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }
    }

    private static string[] Row(string network, double target, int pairs, string saved)
    {
        string[] row;
        using (var worker = Worker([network], keepMemory: true))
        {
            double[] sizes = worker.Ask("sizes");
            worker.Ask($"save {saved}");
            row = [network, Number(sizes[0], "F3"), Number(sizes[1], "F3"), .. Time(worker, "forward", pairs, target), .. Time(worker, "step", pairs, target)];
        }

        return [.. row, .. Memory([network, saved], "forward"), .. Memory([network, saved], "step")];
    }

    private static string[] Time(WorkerProcess worker, string pass, int pairs, double target)
    {
        (double Dense, double Small) Pair() => (worker.Ask($"time dense {pass}")[0], worker.Ask($"time small {pass}")[0]);
        Pair();
        var times = Enumerable.Range(0, pairs).Select(_ => Pair()).ToList();
        return
        [
            Seconds(Median(times.Select(pair => pair.Dense))), Seconds(Median(times.Select(pair => pair.Small))),
            .. Ratios([.. times.Select(pair => pair.Small / pair.Dense)], target),
        ];
    }

    private static string[] Memory(string[] small, string pass) => [.. sides.Select(which =>
    {
        using var worker = Worker(small, keepMemory: false);
        double[] answer = worker.Ask($"memory {which} {pass}");
        return Number((answer[1] - answer[0]) / (1 << 20), "F0");
    })];

    private static WorkerProcess Worker(string[] arguments, bool keepMemory) =>
        new(Environment.ProcessPath!, [ChannelWorker.Command, .. arguments], 1, keepMemory);

    private sealed record Options(IReadOnlyList<string> Networks, int Pairs);
}

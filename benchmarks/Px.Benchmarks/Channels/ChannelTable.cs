using System.Globalization;
using Px.Benchmarks.Comparison;
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

    /// <param name="arguments">Names of networks; none for all. <c>--pairs N</c>: timed pairs of each, 9 unless given.</param>
    internal static int Run(string[] arguments)
    {
        var rest = arguments.ToList();
        int at = rest.IndexOf("--pairs"), pairs = 9;
        bool understood = at < 0 || (at + 1 < rest.Count && int.TryParse(rest[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out pairs) && pairs > 0);
        if (understood && at >= 0) rest.RemoveRange(at, 2);
        if (!understood || rest.Except(networks.Select(network => network.Network)).Any())
        {
            Console.Error.WriteLine($"usage: {Command} [--pairs N] [{string.Join("] [", networks.Select(network => network.Network))}]");
            return 2;
        }

        var named = networks.Where(network => rest.Contains(network.Network)).ToList();
        var table = new Table(
            $"Channels removed to half of the FLOPs, batch {ChannelWorker.Batch}, one thread, {pairs} pairs; times and MiB: dense, small", 10,
            "network      ", "FLOPs", "params", "forward s", "small s", "ratio", "lowest", "highest", "target", "", "step s", "small s", "ratio",
            "lowest", "highest", "target", "", "MiB fwd", "small", "MiB step", "small");
        foreach (var (network, target) in named.Count > 0 ? named : [.. networks])
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

        return 0;
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
}

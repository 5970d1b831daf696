using System.Globalization;
using Px.Benchmarks.Comparison;
using static Px.Benchmarks.Comparison.Statistics;

namespace Px.Benchmarks.Networks;

/// <summary>
/// Time and memory of a forward pass and of a training step of ResNet-18, ours and torchvision's in turn, on the same weights and
/// batch: what C# and our modules add to libtorch's work.
/// </summary>
internal static class NetworkTable
{
    internal const string Command = "models";

    private const double Target = 1.05;
    private const int WarmUps = 10, Repetitions = 25, Processes = 5;

    private static readonly string[] passes = ["forward", "step"];

    internal static void Run()
    {
        string folder = Directory.CreateTempSubdirectory("px-bench-").FullName;
        try
        {
            NetworkWorker.Save(folder);
            using (var ours = Ours(1, folder, keepMemory: true))
            using (var theirs = Theirs(1, folder, keepMemory: true))
                Console.WriteLine($"ResNet-18, 32 x 3 x 64 x 64; forward: evaluation mode, no gradients; step: forward, backward, SGD\nlibtorch: ours {ours.Library}, theirs {theirs.Library}");
            foreach (int threads in new[] { 1, Environment.ProcessorCount }.Distinct()) Time(threads, folder);
            Memory(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Time(int threads, string folder)
    {
        var table = new Table(
            $"Time, threads: {threads}, pairs: {Repetitions}, memory kept", 10,
            "pass", "ours s", "theirs s", "ratio", "lowest", "highest", "target", "", "CPU ratio", "faults", "theirs");
        foreach (string pass in passes)
        {
            // Whether glibc gives freed maps back, to be faulted in anew, is luck, and here it costs up to a tenth.
            using var ours = Ours(threads, folder, keepMemory: true);
            using var theirs = Theirs(threads, folder, keepMemory: true);
            (double Ours, double Theirs) Pair() => (ours.Ask($"time {pass}")[0], theirs.Ask($"time {pass}")[0]);
            // The second step is the first with momentum, and .NET compiles again what runs often, on a thread of its own.
            for (int i = 0; i < WarmUps; i++) Pair();
            var (ourStart, theirStart) = (ours.Usage(), theirs.Usage());
            var pairs = Enumerable.Range(0, Repetitions).Select(_ => Pair()).ToList();
            var (mine, other) = (ours.Usage() - ourStart, theirs.Usage() - theirStart);
            table.Add([
                pass, Seconds(Median(pairs.Select(pair => pair.Ours))), Seconds(Median(pairs.Select(pair => pair.Theirs))), .. Ratios(pairs),
                Number(mine.Seconds / other.Seconds, "F3"), Number(mine.Faults / Repetitions, "F0"), Number(other.Faults / Repetitions, "F0")]);
        }
    }

    private static void Memory(string folder)
    {
        var table = new Table(
            $"Memory above start-up, threads: 1, processes: {Processes}, freed memory returned", 12,
            "pass", "ours MiB", "theirs MiB", "ratio", "lowest", "highest", "target", "");
        foreach (string pass in passes)
        {
            var pairs = Enumerable.Range(0, Processes).Select(_ => (Ours: Above(Ours(1, folder, keepMemory: false), pass), Theirs: Above(Theirs(1, folder, keepMemory: false), pass))).ToList();
            table.Add([pass, Number(Median(pairs.Select(pair => pair.Ours)), "F1"), Number(Median(pairs.Select(pair => pair.Theirs)), "F1"), .. Ratios(pairs)]);
        }
    }

    private static double Above(WorkerProcess process, string pass)
    {
        using var worker = process;
        // The first passes load code as well as tensors.
        for (int i = 0; i < 3; i++) worker.Ask($"warm {pass}");
        double[] answer = worker.Ask($"memory {pass}");
        return (answer[1] - answer[0]) / (1 << 20);
    }

    private static string[] Ratios(IReadOnlyCollection<(double Ours, double Theirs)> pairs)
    {
        double[] ratios = [.. pairs.Select(pair => pair.Ours / pair.Theirs)];
        return [Number(Median(ratios), "F3"), Number(ratios.Min(), "F3"), Number(ratios.Max(), "F3"), Number(Target, "F2"), Verdict(Median(ratios), Target)];
    }

    private static WorkerProcess Ours(int threads, string folder, bool keepMemory) =>
        new(Environment.ProcessPath!, [NetworkWorker.Command, threads.ToString(CultureInfo.InvariantCulture), folder], threads, keepMemory);

    private static WorkerProcess Theirs(int threads, string folder, bool keepMemory) =>
        new(WorkerProcess.PythonProgram, ["-B", WorkerProcess.Script("networks.py"), threads.ToString(CultureInfo.InvariantCulture), folder], threads, keepMemory);
}

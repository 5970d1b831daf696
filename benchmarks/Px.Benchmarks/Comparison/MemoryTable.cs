using static Px.Benchmarks.Comparison.Statistics;

namespace Px.Benchmarks.Comparison;

/// <summary>
/// The most memory that pruning takes above what was resident before it, each in a fresh process that has loaded network and data
/// and pruned a tiny network by the same method.
/// </summary>
internal static class MemoryTable
{
    // Compiling a method a second time, in the background and when it pleases, takes some MiB that are not the method's.
    private const string CompilesTwice = "DOTNET_TieredCompilation";

    internal static void Print(ComparisonOptions options, string folder)
    {
        int processes = options.Quick ? 1 : 5;
        var table = new Table(
            $"Memory above start-up against {options.OpponentName}, threads: 1, processes: {processes}", 12,
            "method", "ours MiB", "theirs MiB", "ratio", "lowest", "highest", "target", "", "start-up:", "ours MiB", "theirs MiB");
        string? before = Environment.GetEnvironmentVariable(CompilesTwice);
        Environment.SetEnvironmentVariable(CompilesTwice, "0"); // the worker processes inherit it
        foreach (var contest in options.Opponents)
        {
            var pairs = Enumerable.Range(0, processes).Select(_ => (
                Ours: Measure(() => WorkerProcess.Ours(1, folder, Problem.Standard), contest),
                Theirs: Measure(() => WorkerProcess.Theirs(options.Against, 1, folder, Problem.Standard), contest))).ToList();
            double[] ratios = [.. pairs.Select(pair => pair.Ours.Above / pair.Theirs.Above)];
            table.Add([
                contest.Name, Mebibytes(pairs.Select(pair => pair.Ours.Above)), Mebibytes(pairs.Select(pair => pair.Theirs.Above)),
                .. Ratios(ratios, contest.MemoryTarget), "",
                Mebibytes(pairs.Select(pair => pair.Ours.Start)), Mebibytes(pairs.Select(pair => pair.Theirs.Start))]);
        }

        Environment.SetEnvironmentVariable(CompilesTwice, before);
    }

    private static string Mebibytes(IEnumerable<double> bytes) => Number(Median(bytes) / (1 << 20), "F1");

    private static (double Start, double Above) Measure(Func<WorkerProcess> start, Contest contest)
    {
        int rounds = Math.Min(contest.Rounds, 2);
        using var worker = start();
        worker.Ask("warm", contest, rounds);
        double[] answer = worker.Ask("memory", contest, rounds);
        return (answer[0], answer[1] - answer[0]);
    }
}

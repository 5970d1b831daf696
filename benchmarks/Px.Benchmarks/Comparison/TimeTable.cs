using System.Diagnostics;
using static Px.Benchmarks.Comparison.Statistics;

namespace Px.Benchmarks.Comparison;

/// <summary>
/// Time of a round, ours and theirs in turn, each in a process that runs this method alone: what one method leaves in the C
/// library's allocator changes the speed of the next. The ratio is the median of the pairs' ratios.
/// </summary>
internal static class TimeTable
{
    // Runs of a fraction of a second are at the mercy of neighbours: there may be more of them.
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(15);
    private const int MostPairs = 41;

    internal static void Print(ComparisonOptions options, string folder)
    {
        foreach (int threads in options.Threads)
        {
            var table = new Table(
                $"Time, threads: {threads}{(options.KeepMemory ? ", memory kept" : "")}", 10,
                "method", "pairs", "ours s", "theirs s", "ratio", "lowest", "highest", "target", "", "1-round", "ours s", "ratio", "CPU ratio", "faults", "theirs");
            foreach (var contest in options.Contests)
            {
                using var ours = WorkerProcess.Ours(threads, folder, Problem.Standard, options.KeepMemory);
                using var theirs = WorkerProcess.Theirs(threads, folder, Problem.Standard, options.KeepMemory);
                Measure(table, contest, ours, theirs, options);
            }
        }
    }

    private static void Measure(Table table, Contest contest, WorkerProcess ours, WorkerProcess theirs, ComparisonOptions options)
    {
        var pairs = new List<(TimedRun Ours, TimedRun Theirs)>();
        // The first pair warms up.
        Run(contest, ours);
        Run(contest, theirs);
        var (ourStart, theirStart) = (ours.Usage(), theirs.Usage());
        var watch = Stopwatch.StartNew();
        while (pairs.Count < options.Repetitions || (!options.Quick && pairs.Count < MostPairs && watch.Elapsed < Enough))
            pairs.Add((Run(contest, ours), Run(contest, theirs)));
        var (mine, other) = (ours.Usage() - ourStart, theirs.Usage() - theirStart);

        double[] ratios = [.. pairs.Select(pair => pair.Ours.Round / pair.Theirs.Round)];
        double ratio = Median(ratios);
        table.Add(
            contest.Name, Number(pairs.Count, "F0"),
            Seconds(Median(pairs.Select(pair => pair.Ours.Round))), Seconds(Median(pairs.Select(pair => pair.Theirs.Round))),
            Number(ratio, "F2"), Number(ratios.Min(), "F2"), Number(ratios.Max(), "F2"), Number(contest.TimeTarget, "F2"), Verdict(ratio, contest.TimeTarget),
            "call:", Seconds(Median(pairs.Select(pair => pair.Ours.Call))), Number(Median(pairs.Select(pair => pair.Ours.Call / pair.Theirs.Call)), "F2"),
            Number(mine.Seconds / other.Seconds, "F2"),
            Number(mine.Faults / (pairs.Count * contest.Rounds), "F0"), Number(other.Faults / (pairs.Count * contest.Rounds), "F0"));
    }

    private static TimedRun Run(Contest contest, WorkerProcess worker) => new(worker.Ask("run", contest, contest.Rounds));
}

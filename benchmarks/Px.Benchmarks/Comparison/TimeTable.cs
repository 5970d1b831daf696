using System.Diagnostics;
using static Px.Benchmarks.Comparison.Statistics;

namespace Px.Benchmarks.Comparison;

/// <summary>
/// Time of a round, ours and theirs in turn, each method in fresh processes: what one method leaves in the C library's allocator
/// changes the speed of the next. The ratio is the median of the pairs' ratios.
/// </summary>
internal static class TimeTable
{
    internal static void Print(ComparisonOptions options, string folder)
    {
        foreach (int threads in options.Threads)
        {
            var table = new Table(
                $"Time against {options.OpponentName}, threads: {threads}{options.Conditions}", 10,
                "method", "pairs", "ours s", "theirs s", "ratio", "lowest", "highest", "target", "",
                "1-round", "ours s", "ratio", "CPU ratio", "faults", "theirs");
            foreach (var contest in options.Opponents)
            {
                using var match = Match.Start(options.Against, threads, folder, options.KeepMemory);
                Measure(table, contest, match, options, contest.TimeTargetAgainst(options.Against, threads));
            }
        }
    }

    private static void Measure(Table table, Contest contest, Match match, ComparisonOptions options, double? target)
    {
        var pairs = new List<(MatchRun Ours, MatchRun Theirs)>();
        // The first pair warms up.
        match.Run(contest);
        var watch = Stopwatch.StartNew();
        while (options.NeedsMore(pairs.Count, watch.Elapsed)) pairs.Add(match.Run(contest));

        double[] ratios = [.. pairs.Select(pair => pair.Ours.Round / pair.Theirs.Round)];
        double rounds = pairs.Count * contest.Rounds;
        table.Add([
            contest.Name, Number(pairs.Count, "F0"),
            Seconds(Median(pairs.Select(pair => pair.Ours.Round))), Seconds(Median(pairs.Select(pair => pair.Theirs.Round))),
            .. Ratios(ratios, target),
            "call:", Seconds(Median(pairs.Select(pair => pair.Ours.Call))),
            Number(Median(pairs.Select(pair => pair.Ours.Call / pair.Theirs.Call)), "F2"),
            Number(pairs.Sum(pair => pair.Ours.Usage.Seconds) / pairs.Sum(pair => pair.Theirs.Usage.Seconds), "F2"),
            Number(pairs.Sum(pair => pair.Ours.Usage.Faults) / rounds, "F0"),
            Number(pairs.Sum(pair => pair.Theirs.Usage.Faults) / rounds, "F0")]);
    }
}

using Px.Benchmarks.Comparison;
using static Px.Benchmarks.Comparison.Statistics;

namespace Px.Benchmarks.Floor;

/// <summary>
/// What the library adds to passes that no method can do without, and what a second thread brings. Ratios are medians of the ratios
/// of runs that followed one another.
/// </summary>
internal static class FloorTable
{
    internal static void Print(ComparisonOptions options, string folder)
    {
        var px = FloorSamples.Measure(options, folder, Contests.Find("PX"), BarePasses.Forward, BarePasses.ForwardChannelsLast);
        var snip = FloorSamples.Measure(options, folder, Contests.Find("SNIP"), BarePasses.Step);
        foreach (int threads in options.Threads)
        {
            var table = new Table(
                $"Time against bare passes of the network, threads: {threads}{options.Conditions}", 10,
                "ours / bare pass                     ", "runs", "ours s", "bare s", "ratio", "lowest", "highest", "target", "");
            string forward = px[threads].FastestPass;
            Add(table, $"PX round / {forward}", px[threads].Rounds, px[threads].Bare, 1.8);
            Add(table, $"PX call / {forward}", px[threads].Calls, px[threads].Bare, 2.3);
            Add(table, $"SNIP round / {snip[threads].FastestPass}", snip[threads].Rounds, snip[threads].Bare, 1.05);
        }

        if (options.Threads.Contains(1) && options.Threads.Contains(2)) PrintThreads(options, px, snip);
    }

    private static void PrintThreads(ComparisonOptions options, Dictionary<int, FloorSamples> px, Dictionary<int, FloorSamples> snip)
    {
        var table = new Table(
            $"Time on two threads against one{options.Conditions}", 10,
            "what                  ", "runs", "two s", "one s", "ratio", "lowest", "highest", "target", "");
        Add(table, "bare forward", px[2].Bare, px[1].Bare, null);
        Add(table, "PX round", px[2].Rounds, px[1].Rounds, 0.7);
        Add(table, "bare forward-backward", snip[2].Bare, snip[1].Bare, null);
        Add(table, "SNIP round", snip[2].Rounds, snip[1].Rounds, null);
    }

    private static void Add(Table table, string name, IEnumerable<double> ours, IEnumerable<double> floor, double? target)
    {
        double[] ratios = [.. ours.Zip(floor, (time, bare) => time / bare)];
        table.Add([name, Number(ratios.Length, "F0"), Seconds(Median(ours)), Seconds(Median(floor)), .. Ratios(ratios, target)]);
    }
}

using System.Diagnostics;
using Px.Benchmarks.Comparison;

namespace Px.Benchmarks.Floor;

/// <summary>A method and the bare passes it is held against, run in turn by one process.</summary>
/// <param name="contest">The method.</param>
/// <param name="passes">The bare passes; the floor is the one with the lowest median.</param>
internal sealed class FloorSamples(Contest contest, params string[] passes)
{
    private readonly List<(double[] Bare, TimedRun Run)> samples = [];

    /// <summary>The bare pass that is fastest here.</summary>
    internal string FastestPass => passes[Fastest];

    /// <summary>Seconds of the fastest bare pass.</summary>
    internal IEnumerable<double> Bare => samples.Select(sample => sample.Bare[Fastest]);

    /// <summary>Seconds of a round after the first.</summary>
    internal IEnumerable<double> Rounds => samples.Select(sample => sample.Run.Round);

    /// <summary>Seconds of a call of one round.</summary>
    internal IEnumerable<double> Calls => samples.Select(sample => sample.Run.Call);

    private int Fastest => Enumerable.Range(0, passes.Length).MinBy(pass => Statistics.Median(samples.Select(sample => sample.Bare[pass])));

    /// <summary>The same for each number of threads, in processes of their own that take turns: who waits sleeps.</summary>
    internal static Dictionary<int, FloorSamples> Measure(ComparisonOptions options, string folder, Contest contest, params string[] passes)
    {
        var workers = options.Threads.ToDictionary(
            threads => threads, threads => WorkerProcess.Ours(threads, folder, Problem.Standard, options.KeepMemory));
        try
        {
            var samples = options.Threads.ToDictionary(threads => threads, _ => new FloorSamples(contest, passes));
            foreach (var (threads, worker) in workers) samples[threads].Sample(worker);
            var watch = Stopwatch.StartNew();
            for (int count = 0; options.NeedsMore(count, watch.Elapsed / workers.Count); count++)
            {
                foreach (var (threads, worker) in workers) samples[threads].samples.Add(samples[threads].Sample(worker));
            }

            return samples;
        }
        finally
        {
            foreach (var worker in workers.Values) worker.Dispose();
        }
    }

    private (double[] Bare, TimedRun Run) Sample(WorkerProcess worker) =>
        ([.. passes.Select(pass => worker.Ask($"{BarePasses.Command} {pass}")[0])], new(worker.Ask("run", contest, contest.Rounds)));
}

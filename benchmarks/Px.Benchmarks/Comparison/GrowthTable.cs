using System.Diagnostics;
using static Px.Benchmarks.Comparison.Statistics;

namespace Px.Benchmarks.Comparison;

/// <summary>How the library's cost grows: the exponent p of time ∝ sizeᵖ, and the seconds at both ends. 1.0 is proportional.</summary>
internal static class GrowthTable
{
    private const int Runs = 3;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(4);

    internal static void Print(ComparisonOptions options, string root)
    {
        var times = Growth.All.ToDictionary(growth => growth, growth => Measure(growth, options, root));
        var table = new Table("Growth of a call, threads: 1; exponent (seconds at both ends)", 26, ["method", .. Growth.All.Select(growth => growth.Name)]);
        table.Add(["expected", .. Growth.All.Select(_ => "1.0")]);
        foreach (var contest in options.Contests)
            table.Add([contest.Name, .. Growth.All.Select(growth => Cell(times[growth][contest]))]);
    }

    private static string Cell(List<(double X, double Y)> points) =>
        $"{Number(Exponent(points), "F2")} ({Seconds(points[0].Y)} - {Seconds(points[^1].Y)})";

    private static Dictionary<Contest, List<(double X, double Y)>> Measure(Growth growth, ComparisonOptions options, string root)
    {
        var times = options.Contests.ToDictionary(contest => contest, _ => new List<(double, double)>());
        var points = options.Quick ? [growth.Points[0], growth.Points[^1]] : growth.Points;
        foreach (var (size, problem, rounds) in points)
        {
            string folder = Path.Combine(root, $"{problem.Depth}-{problem.Width}-{problem.Batch}");
            problem.Save(folder);
            using var worker = WorkerProcess.Ours(1, folder, problem);
            foreach (var contest in options.Contests)
            {
                worker.Ask("warm", contest, 1);
                times[contest].Add((size, Shortest(worker, contest, rounds, options.Quick ? 1 : Runs)));
            }
        }

        return times;
    }

    private static double Shortest(WorkerProcess worker, Contest contest, int rounds, int runs)
    {
        var watch = Stopwatch.StartNew();
        double shortest = double.PositiveInfinity;
        for (int i = 0; i < runs && (i == 0 || watch.Elapsed < Enough); i++)
            shortest = Math.Min(shortest, new TimedRun(worker.Ask("run", contest, rounds)).Total);
        return shortest;
    }
}

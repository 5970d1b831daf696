using Px.Benchmarks.Floor;

namespace Px.Benchmarks.Comparison;

/// <summary>All tables, one after the other; while one process works, every other sleeps.</summary>
internal static class ComparisonRun
{
    /// <summary>Of every run: far enough that all of the ranking is done.</summary>
    internal const double Sparsity = 0.9;

    internal static void Start(ComparisonOptions options)
    {
        string root = Directory.CreateTempSubdirectory("px-bench-").FullName;
        try
        {
            string folder = Path.Combine(root, "standard");
            Problem.Standard.Save(folder);
            Describe(options, folder);
            using var neighbour = options.Neighbour ? new Neighbour() : null;
            if (options.Only.Contains("time")) TimeTable.Print(options, folder);
            if (options.Only.Contains("floor")) FloorTable.Print(options, folder);
            if (options.Only.Contains("memory")) MemoryTable.Print(options, folder);
            if (options.Only.Contains("growth")) GrowthTable.Print(options, root);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static void Describe(ComparisonOptions options, string folder)
    {
        using var ours = WorkerProcess.Ours(1, folder, Problem.Standard);
        using var theirs = WorkerProcess.Theirs(options.Against, 1, folder, Problem.Standard);
        string sparsity = Statistics.Number(Sparsity, "P0");
        Console.WriteLine($"ResNet-20, one batch of 128 x 3 x 32 x 32, sparsity {sparsity}, {Environment.ProcessorCount} processors");
        Console.WriteLine($"libtorch: ours {ours.Library}, theirs {theirs.Library}");
        if (ours.Library != theirs.Library) Console.WriteLine("NOT THE SAME libtorch: ratios compare the two as well.");
    }
}

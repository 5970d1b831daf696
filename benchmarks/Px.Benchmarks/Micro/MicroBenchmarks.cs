using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Px.Benchmarks.Micro;

/// <summary>The classes of this folder, timed by BenchmarkDotNet.</summary>
internal static class MicroBenchmarks
{
    /// <param name="arguments">BenchmarkDotNet's; none for every class.</param>
    internal static void Run(string[] arguments)
    {
        // In this process: the native library is loaded once, and one build serves whichever TorchSharp the solution was set up with.
        // A network's step takes long enough that one invocation an iteration is a measurement.
        var job = Job.Default
            .WithToolchain(InProcessEmitToolchain.Instance)
            .WithStrategy(RunStrategy.Monitoring)
            .WithWarmupCount(2)
            .WithIterationCount(11)
            .WithInvocationCount(1)
            .WithUnrollFactor(1);
        var config = DefaultConfig.Instance
            .AddJob(job)
            .AddColumn(StatisticColumn.Median, StatisticColumn.Min)
            .HideColumns(Column.Error, Column.StdDev);

        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments.Length == 0 ? ["--filter", "*"] : arguments, config);
    }
}

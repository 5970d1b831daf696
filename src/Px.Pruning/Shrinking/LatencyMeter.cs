using System.Diagnostics;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// Times the same module with and without its dead channels, in turn, so that both run under the same load.
internal static class LatencyMeter
{
    internal static ShrinkLatency Measure(PruningModel model, LayerSwap swap, Inputs batch, int runs, CancellationToken token)
    {
        var times = (Before: new List<long>(), After: new List<long>());
        // Run 0 warms up. The order alternates, so that the caches favour neither.
        for (int run = 0; run <= runs; run++)
        {
            token.ThrowIfCancellationRequested();
            foreach (bool small in (bool[])(run % 2 == 0 ? [false, true] : [true, false]))
            {
                swap.Use(small);
                long ticks = Time(model, batch);
                if (run > 0) (small ? times.After : times.Before).Add(ticks);
            }
        }

        return new ShrinkLatency { Before = Median(times.Before), After = Median(times.After), BatchSize = batch.Samples, Runs = runs };
    }

    private static long Time(PruningModel model, Inputs batch)
    {
        using var temporaries = NewDisposeScope();
        long start = Stopwatch.GetTimestamp();
        // Reading the result waits for the device.
        model.Run(batch).cpu();
        return Stopwatch.GetTimestamp() - start;
    }

    private static TimeSpan Median(List<long> ticks)
    {
        ticks.Sort();
        return TimeSpan.FromSeconds((ticks[(ticks.Count - 1) / 2] + ticks[ticks.Count / 2]) / 2.0 / Stopwatch.Frequency);
    }
}

using System.Diagnostics;
using System.Globalization;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods;

/// <summary>A long-running process prunes again and again: nothing may grow.</summary>
public class SoakTests
{
    // Before, methods are compiled, those that run often a second time, and the heap finds its shape: 40 MiB, the last of them after 1,500.
    private const int WarmUp = 1600;
    private const int Parts = 5, PrunesOfAPart = 200;

    [Fact]
    public void Prune_AThousandTimes_LeavesTensorCountAndMemoryFlat()
    {
        using var input = ones(6, 3, 8, 8);
        using var target = zeros(6, dtype: int64);
        var data = PruningData.From([(input, target)]);
        var methods = AllPruners.All.ToList();
        using var model = new ConvNet();
        using var found = new ConvNet();
        int prunes = 0;
        Prune(WarmUp);

        long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        long managed = GC.GetTotalMemory(forceFullCollection: true);
        var growth = Enumerable.Range(0, Parts).Select(_ => Growth(() => Prune(PrunesOfAPart))).ToList();

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
        (GC.GetTotalMemory(forceFullCollection: true) - managed).Should().BeLessThan(1 << 20, "a prune must not leave 1 KiB of objects behind");
        // What a prune leaves behind makes every part grow, what happens once (a method compiled, a heap extended) only one. A random
        // generator or the smallest feature map left behind by each prune would be 600 to 1,000 KiB in each part; 4 to 24 were seen.
        growth.Order().ElementAt(Parts / 2).Should().BeLessThan(200 << 10, "the parts grew by {0} bytes", string.Join(", ", growth));

        // Without the largest and the smallest: the runtime gives a heap of its own back, or takes one, of up to 64 MiB.
        growth.Order().Skip(1).Take(Parts - 2).Sum().Should().BeLessThan(2 << 20, "the parts grew by {0} bytes", string.Join(", ", growth));

        void Prune(int count)
        {
            for (int end = prunes + count; prunes < end; prunes++)
            {
                AllPruners.Get(methods[prunes % methods.Count]).Prune(model, data, 0.8, new PruningOptions { Rounds = 2, Seed = prunes }).Dispose();
                Restore(model, found);
            }
        }
    }

    /// <summary>The same weights for every prune. TorchSharp counts a tensor more for each module that is created and disposed: none is.</summary>
    private static void Restore(nn.Module model, nn.Module found)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (live, saved) in model.parameters().Zip(found.parameters())) live.copy_(saved);
    }

    private static long Growth(Action work)
    {
        long before = Unmanaged();
        work();
        return Unmanaged() - before;
    }

    /// <summary>Bytes in memory once garbage is gone, without the garbage collector's own, which come and go by 4 MiB from one collection to the next.</summary>
    private static long Unmanaged()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Resident() - GC.GetGCMemoryInfo().TotalCommittedBytes;
    }

    private static long Resident()
    {
        if (!OperatingSystem.IsLinux()) return Process.GetCurrentProcess().WorkingSet64;
        string pages = File.ReadAllText("/proc/self/statm").Split(' ')[1];
        return long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }
}

using System.Diagnostics;
using System.Globalization;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Pruners;

/// <summary>A long-running process prunes again and again: nothing may grow.</summary>
public class SoakTests
{
    // Before, methods are compiled and the heap finds its shape: 30 MiB, most of it in the first 400.
    private const int WarmUp = 800;
    private const int Prunes = 1000;
    private const long Mebibyte = 1 << 20;

    [Fact]
    public void Prune_AThousandTimes_LeavesTensorCountAndMemoryFlat()
    {
        using var input = ones(6, 3, 8, 8);
        using var target = zeros(6, dtype: int64);
        var data = PruningData.From([(input, target)]);
        var methods = AllPruners.All.ToList();
        using var model = new ConvNet();
        using var found = new ConvNet();
        long live = 0, memory = 0;
        for (int i = 0; i < WarmUp + Prunes; i++)
        {
            if (i == WarmUp) (live, memory) = (DisposeScopeManager.Statistics.ThreadTotalLiveCount, Resident());
            AllPruners.Get(methods[i % methods.Count]).Prune(model, data, 0.8, new PruningOptions { Rounds = 2, Seed = i }).Dispose();
            Restore(model, found);
        }

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
        // A random generator or the smallest feature map left behind by each prune would be 3 to 5 MiB.
        (Resident() - memory).Should().BeLessThan(3 * Mebibyte);
    }

    /// <summary>The same weights for every prune. TorchSharp counts a tensor more for each module that is created and disposed: none is.</summary>
    private static void Restore(nn.Module model, nn.Module found)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (live, saved) in model.parameters().Zip(found.parameters())) live.copy_(saved);
    }

    /// <summary>Bytes in memory once garbage is gone.</summary>
    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        if (!OperatingSystem.IsLinux()) return Process.GetCurrentProcess().WorkingSet64;
        string pages = File.ReadAllText("/proc/self/statm").Split(' ')[1];
        return long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }
}

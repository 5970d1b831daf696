using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Shrinking;

/// <summary>Resident memory grows while a process shrinks again and again: whether these are bytes that somebody holds.</summary>
public class ShrinkMemoryTests
{
    private const int Shrinks = 60;

    [NativeHeapTheory]
    [InlineData(0)]
    public void Shrink_AgainAndAgain_HoldsNothing(int seed)
    {
        Shrink(seed, Shrinks);
        var (native, managed, live) = (Native(), GC.GetTotalMemory(forceFullCollection: true), DisposeScopeManager.Statistics.ThreadTotalLiveCount);

        Shrink(seed, 2 * Shrinks);

        // TorchSharp counts a tensor more for each module that is created and disposed; what counts are bytes.
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().BeGreaterThanOrEqualTo(live);
        (Native() - native).Should().BeLessThan(2 * Shrinks * 256, "a small layer that is held takes more");
        (GC.GetTotalMemory(forceFullCollection: true) - managed).Should().BeLessThan(2 * Shrinks * 1024);
    }

    private static long Native()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return NativeHeap.Used;
    }

    private static void Shrink(int seed, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using var scope = NewDisposeScope();
            using var model = new ConvNet();
            using (no_grad()) model.get_parameter("conv2.weight")![seed].zero_();
            using var small = Shrinker.Shrink(model, [3, 8, 8], new ShrinkOptions { LatencyRuns = 0 });
        }
    }
}

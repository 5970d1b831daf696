using System.Runtime.CompilerServices;
using Px.Pruning.Shrinking;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Shrinking;

/// <summary>A long-running process shrinks again and again: no tensor and no object stays behind.</summary>
/// <remarks>
/// One network loses a unit each time: networks that are made for it would hide what shrinking leaves, as TorchSharp itself keeps something
/// of each. What lives is counted, not bytes: those of the process go up and down by megabytes beside the compiler at run time.
/// </remarks>
public sealed class ShrinkMemoryTests
{
    private const int Shrinks = 25;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Shrink_AgainAndAgain_LeavesNothingBehind(bool convolutions)
    {
        int units = Shrinks + 4;
        using var net = convolutions
            ? Sequential(("a", Conv2d(2, units, 3)), ("norm", BatchNorm2d(units)), ("relu", ReLU()), ("b", Conv2d(units, 3, 3)))
            : Sequential(("a", Linear(8, units)), ("relu", ReLU()), ("b", Linear(units, 3)));
        var results = new List<WeakReference>();
        var live = new List<long>();
        for (int i = 0; i < Shrinks; i++)
        {
            results.Add(WithoutAUnit(net, convolutions ? [2, 6, 6] : [8]));
            live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }

        net.get_parameter("b.weight")!.shape[1].Should().Be(units - Shrinks, "each took a unit away");
        live.Should().OnlyContain(count => count == live[0], "of {0} tensors", string.Join(", ", live));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        results.Should().NotContain(result => result.IsAlive);
    }

    // Not inlined: the caller's frame would keep the result.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference WithoutAUnit(Module<Tensor, Tensor> net, long[] shape)
    {
        using (no_grad())
        using (NewDisposeScope()) net.get_parameter("b.weight")!.narrow(1, 0, 1).zero_();
        var result = Shrinker.Shrink(net, shape, new ShrinkOptions { LatencyRuns = 0 });
        result.Dispose();
        return new WeakReference(result);
    }
}

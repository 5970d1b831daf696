using TorchSharp;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>The number of tensors alive on this thread, exact and independent of the garbage collector.</summary>
internal static class LiveTensors
{
    public static long Count => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    /// <summary>Runs an action once to warm up, then again, and requires that the second run leaves nothing alive.</summary>
    /// <param name="action">What to run.</param>
    /// <param name="biasedConvolutions">How many convolutions with a bias it creates and disposes.</param>
    public static void ShouldNotGrow(Action action, int biasedConvolutions = 0)
    {
        action();
        var before = Count;
        action();
        Count.Should().Be(before + (biasedConvolutions * LeftByAConvolution()));
    }

    // TorchSharp (seen in 0.107) itself leaves a tensor behind for each.
    private static long LeftByAConvolution()
    {
        var before = Count;
        torch.nn.Conv2d(1, 1, 1).Dispose();
        return Count - before;
    }
}

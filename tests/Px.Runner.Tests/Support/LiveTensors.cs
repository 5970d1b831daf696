using TorchSharp;

namespace Px.Runner.Tests.Support;

/// <summary>The number of tensors alive on this thread, exact and independent of the garbage collector.</summary>
internal static class LiveTensors
{
    /// <summary>Runs an action once to warm up, then again, and requires that the second run leaves nothing alive.</summary>
    public static void ShouldNotGrow(Action action)
    {
        action();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        action();
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
    }
}

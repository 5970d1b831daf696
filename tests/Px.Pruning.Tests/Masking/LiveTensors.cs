using TorchSharp;

namespace Px.Pruning.Tests.Masking;

/// <summary>Counts the tensors of this thread that were made and not disposed.</summary>
internal static class LiveTensors
{
    public static long Count => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    /// <summary>The number of tensors that an action leaves behind.</summary>
    public static long LeftBy(Action action)
    {
        action(); // what is made once and kept, such as constants, is not a leak
        var before = Count;
        action();
        return Count - before;
    }
}

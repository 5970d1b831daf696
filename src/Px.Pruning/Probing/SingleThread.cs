using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// Runs libtorch's operators on the calling thread alone until disposed. A pass of one small sample has nothing to share out, and where
/// matrix products and other operators keep thread pools of their own, the pools wait for each other: measured 7 ms on one
/// thread, 70 to 180 ms on two (ResNet-20, float64, OpenBLAS).
/// </summary>
/// <remarks>
/// For a call, or what is done once in it, and not for a pass of every round: disposed, it makes libtorch start threads anew, which spin beside whatever
/// comes next (decision 19).
/// </remarks>
internal sealed class SingleThread : IDisposable
{
    private readonly int found = get_num_threads();

    internal SingleThread()
    {
        if (found > 1) set_num_threads(1);
    }

    public void Dispose()
    {
        if (found > 1) set_num_threads(found);
    }
}

using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// Runs libtorch's operators on the calling thread alone until disposed. A pass of one small sample has nothing to share out, and where other
/// processes keep the processors busy, every operator that is shared waits for a thread that is not scheduled.
/// </summary>
/// <remarks>For a call, and not for a pass of every round: whenever the number of threads grows, libtorch starts them anew.</remarks>
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

using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// Keeps feature maps of one pass in memory for the next: without it glibc hands freed blocks of megabytes back to the system after every
/// pass, and the next one pays for each of their pages anew, which was measured to take longer than the convolutions.
/// </summary>
/// <remarks>
/// Two habits of glibc are used, no setting is changed, and nothing is touched that costs memory. Freeing one block of just under 32 MiB
/// raises the size from which blocks are mapped one by one. And the heap shrinks from its top only: a block that lies there, held but never
/// written to, so that it occupies addresses and no memory, keeps what is below it. Disposing it lets everything go. Other allocators and
/// devices are not affected.
/// </remarks>
internal sealed class HeapHold : IDisposable
{
    private const long Mebibyte = 1 << 20;

    // glibc never maps smaller blocks than 32 MiB one by one, once it has learned to keep them.
    private const long Lesson = 31 * Mebibyte;
    private const long Block = 30 * Mebibyte;

    private readonly bool active;
    private Tensor? top;
    private (Moment Moment, long Size) heldFor;

    /// <summary>When memory is held; the later, the more there is.</summary>
    internal enum Moment
    {
        /// <summary>A container returns: the feature maps of one block are there.</summary>
        BlockDone,

        /// <summary>The network returns: all maps are there, for a backward pass.</summary>
        ForwardDone,

        /// <summary>Gradients are there that can be differentiated again, and all that they were made of.</summary>
        GradientsDone,
    }

    internal HeapHold(Device device)
    {
        active = device.type == DeviceType.CPU && !Off.Is("heap");
        if (active) empty([Lesson], ScalarType.Byte).Dispose();
    }

    /// <summary>To be called while a pass's tensors are there: the more they are, the further up the block goes.</summary>
    /// <param name="moment">Where the pass is.</param>
    /// <param name="size">How large its tensors are, in any unit.</param>
    internal void Hold(Moment moment, long size)
    {
        if (!active || (moment, size).CompareTo(heldFor) <= 0) return;
        heldFor = (moment, size);
        var higher = empty([Block], ScalarType.Byte).DetachFromDisposeScope();
        top?.Dispose();
        top = higher;
    }

    public void Dispose() => top?.Dispose();
}

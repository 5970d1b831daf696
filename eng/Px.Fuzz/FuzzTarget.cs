using TorchSharp;

namespace Px.Fuzz;

/// <summary>A reader under attack, and what it promises of files that it has never seen.</summary>
/// <param name="Seeds">Small files that it reads, to begin with.</param>
/// <param name="Read">Reads a file, and returns how many bytes the elements of its tensors take.</param>
internal sealed record FuzzTarget(Func<IEnumerable<byte[]>> Seeds, Func<byte[], long> Read)
{
    // What every reader may take, and an exception with its stack trace and message.
    private const long Allowance = (1 << 20) + (1 << 16);

    /// <summary>How many times the file's bytes reading it may allocate, beside 1 MiB.</summary>
    public double Expansion { get; init; } = 2;

    /// <summary>What its documentation names beside <see cref="IOException"/> and <see cref="InvalidDataException"/>.</summary>
    public Type? AlsoThrows { get; init; }

    /// <summary>Reads a file or sees it refused. Throws where that takes another exception, too much memory, or leaves tensors behind.</summary>
    /// <returns>Whether it was read.</returns>
    public bool Attack(byte[] file)
    {
        var (live, before, elements, isRead) = (LiveTensors, GC.GetAllocatedBytesForCurrentThread(), 0L, true);
        try
        {
            elements = Read(file);
        }
        catch (Exception e) when (e is IOException or InvalidDataException || e.GetType() == AlsoThrows)
        {
            isRead = false;
        }

        var taken = GC.GetAllocatedBytesForCurrentThread() - before + elements;
        if (taken > Expansion * file.Length + Allowance)
            throw new InvalidOperationException($"{taken} bytes were allocated for a file of {file.Length}.");
        if (LiveTensors != live)
            throw new InvalidOperationException($"{LiveTensors - live} tensors are left.");
        return isRead;
    }

    private static long LiveTensors => DisposeScopeManager.Statistics.ThreadTotalLiveCount;
}

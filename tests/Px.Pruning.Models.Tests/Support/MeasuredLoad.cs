using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.StateDicts.Bytes;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>Loads a checkpoint and requires that it took no more memory than promised, and left no tensor where it was refused.</summary>
internal static class MeasuredLoad
{
    // An exception with its stack trace and message, and the runtime's own small change.
    private const long ExceptionBytes = 1 << 16;

    /// <summary>The message of the refusal; null where the file was loaded.</summary>
    /// <remarks>Measured are .NET's allocations on this thread and, for what was loaded, the bytes of each tensor's elements.</remarks>
    /// <param name="file">The file.</param>
    /// <param name="options">Which of its tensors.</param>
    /// <param name="slack">What may be allocated beyond the options' multiple of the file.</param>
    public static string? Run(byte[] file, CheckpointOptions? options = null, long slack = MemoryBudget.Allowance + ExceptionBytes)
    {
        var limit = (options ?? new()).MaximumExpansion * file.Length + slack;
        var (live, before, native, message) = (LiveTensors.Count, GC.GetAllocatedBytesForCurrentThread(), 0L, (string?)null);
        try
        {
            using var read = CheckpointFile.Load(new MemoryStream(file), options);
            native = read.Values.Sum(tensor => tensor.numel() * tensor.ElementSize);
        }
        catch (InvalidDataException e)
        {
            message = e.Message;
        }

        var managed = GC.GetAllocatedBytesForCurrentThread() - before;
        if (managed + native > limit || LiveTensors.Count != live)
            Assert.Fail($"{managed} + {native} bytes were allocated where {limit} are allowed for a file of {file.Length}, and {LiveTensors.Count - live} tensors left. {message}");
        return message;
    }
}

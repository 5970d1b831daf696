using Px.Bytes;
using Px.Pruning.Models.StateDicts;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>Loads a checkpoint or a safetensors file and requires that it took no more memory than promised, and left no tensor where it was refused.</summary>
internal static class MeasuredLoad
{
    // An exception with its stack trace and message, and the runtime's own small change.
    private const long ExceptionBytes = 1 << 16;

    /// <summary>The message of the refusal; null where the file was loaded.</summary>
    /// <remarks>Measured are .NET's allocations on this thread and, for what was loaded, the bytes of each tensor's elements.</remarks>
    /// <param name="file">The file.</param>
    /// <param name="options">Which of its tensors.</param>
    /// <param name="slack">What may be allocated beyond the options' multiple of the file.</param>
    public static string? Run(byte[] file, CheckpointOptions? options = null, long slack = MemoryBudget.Allowance + ExceptionBytes) =>
        Run(file, stream => CheckpointFile.Load(stream, options), (options ?? new()).MaximumExpansion * file.Length + slack);

    /// <summary>The same for a safetensors file, in the memory that it may take by default.</summary>
    public static string? RunSafetensors(byte[] file) =>
        Run(file, stream => SafetensorsFile.Load(stream), 2 * file.Length + MemoryBudget.Allowance + ExceptionBytes);

    private static string? Run(byte[] file, Func<Stream, StateDict> load, double limit)
    {
        var (live, before, native, message) = (LiveTensors.Count, GC.GetAllocatedBytesForCurrentThread(), 0L, (string?)null);
        try
        {
            using var read = load(new MemoryStream(file));
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

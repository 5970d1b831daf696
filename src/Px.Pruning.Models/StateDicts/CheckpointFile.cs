using Px.Bytes;
using Px.Pruning.Models.StateDicts.Checkpoints;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts;

/// <summary>Reads and writes PyTorch's checkpoints, <c>.pth</c> and <c>.pt</c>: the zip format since 1.6, and for reading the stream before
/// it.</summary>
/// <remarks>
/// <para><b>Safety:</b> such a file is a program for Python. Here it is data: tensors, storages, dictionaries and plain values are known.
/// What training scripts leave beside the weights, such as the state of schedulers, numbers of NumPy and parsed arguments, is ignored
/// without being made; everything else is refused by name. Nothing outside the file is opened, every number is checked against the file's
/// length before anything is allocated for it, and all that is allocated stays within
/// <see cref="CheckpointOptions.MaximumExpansion"/>.</para>
/// <para><b>Tensors</b> come as they were: their type, sizes and strides, and those that shared memory in Python share it here. A tensor
/// that PyTorch negated lazily comes as a copy with its signs. Parameters come as plain tensors, and whatever device they were on, they
/// come on the CPU. Types: those of <c>torch.uint8</c> to <c>int64</c>, <c>bool</c>, <c>float16</c> to <c>float64</c>, <c>bfloat16</c>,
/// <c>complex64</c> and <c>complex128</c>.</para>
/// <para><b>Plain values</b> (numbers, truths, texts) at the top of the file and beside the tensors are in
/// <see cref="StateDict.Metadata"/>; lists and other dictionaries are ignored.</para>
/// <para><b>Not read:</b> TorchScript archives, models saved whole, files of big-endian machines; and sparse, quantised, nested and lazily
/// conjugated tensors and those of other types, which do no harm beside the tensors that
/// <see cref="CheckpointOptions.Prefix"/> picks.</para>
/// </remarks>
/// <example><code>
/// using var state = CheckpointFile.Load("resnet18.pth");
/// model.LoadStateDict(state);
/// </code></example>
public static class CheckpointFile
{
    /// <summary>Reads the tensors of a file onto the CPU. The caller disposes the result.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Which tensors; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or no checkpoint, names a class or function that is not known, or does
    /// not hold what the options ask for; the message says what is wrong.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read, or is a folder or a pipe.</exception>
    public static StateDict Load(string path, CheckpointOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var stream = InputFile.Open(path);
        return CheckpointReader.Read(stream, options ?? new CheckpointOptions(), path);
    }

    /// <summary>Reads the tensors from the stream's position to its end. The stream stays open, at any position; the caller disposes the
    /// result.</summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="options">As for a file.</param>
    /// <exception cref="ArgumentException">The stream cannot seek (copy it to a file or a <see cref="MemoryStream"/> first), or an option
    /// lies outside its range.</exception>
    /// <exception cref="InvalidDataException">As for a file.</exception>
    public static StateDict Load(Stream stream, CheckpointOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek)
        {
            throw new ArgumentException("The stream cannot seek, and a checkpoint is not read in order: copy it to a file or a "
                + "MemoryStream first.", nameof(stream));
        }

        return CheckpointReader.Read(stream, options ?? new CheckpointOptions(), "stream");
    }

    /// <summary>Writes tensors to a file that <c>torch.load</c> opens as an ordered dictionary, with <c>weights_only</c> too; one of that
    /// name is replaced, and only once the new one is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Tensors by name, on any device, in any memory layout. They are not changed. Tensors that share memory are
    /// written one by one.</param>
    /// <remarks>A symbolic link is followed, and the mode of a file that is replaced is kept. The bytes are on the disk when this
    /// returns.</remarks>
    /// <exception cref="ArgumentException">A tensor has a type that is not listed above, or a name that is not Unicode.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        var writer = new CheckpointWriter(tensors);
        AtomicFile.Write(path, writer.Write);
    }

    /// <summary>Writes tensors to a stream, which stays open.</summary>
    /// <param name="stream">Where to write; it need not seek.</param>
    /// <param name="tensors">As for a file.</param>
    /// <exception cref="ArgumentException">As for a file.</exception>
    public static void Save(Stream stream, IReadOnlyDictionary<string, Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        new CheckpointWriter(tensors).Write(stream);
    }
}

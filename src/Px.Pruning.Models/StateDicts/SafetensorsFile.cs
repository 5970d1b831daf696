using Px.Bytes;
using Px.Safetensors;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts;

/// <summary>Reads and writes <c>.safetensors</c> files: named tensors of any type TorchSharp shares with the format, bit for bit.</summary>
/// <remarks>
/// <para>A file that lies about itself is refused before anything is allocated for it: header length (at most 100 MB), JSON, names, types,
/// shapes (at most 64 dimensions), offsets, gaps, overlaps and total length are all checked, and all that is allocated stays within a
/// multiple of the file. Where the file has a checksum, as those of <c>Px.Pruning</c>'s masks have, it is verified when all tensors are
/// read.</para>
/// <para>Types: BOOL, U8, I8, I16, I32, I64, F16, BF16, F32, F64 and C64. TorchSharp has no others of the format's, and the format no
/// complex128. A file with others can be loaded in part: <see cref="StateDictExtensions.LoadWeights"/> with
/// <see cref="CheckpointOptions.Prefix"/>.</para>
/// <para><b>Source:</b> <see href="https://github.com/huggingface/safetensors#format"/>; files open with Python's library and the other way
/// round.</para>
/// </remarks>
/// <example><code>
/// using var state = SafetensorsFile.Load("model.safetensors");
/// model.LoadStateDict(state);
/// </code></example>
public static class SafetensorsFile
{
    /// <summary>Reads all tensors of a file onto the CPU. The caller disposes the result.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maximumExpansion">
    /// How many times the file's bytes reading it may allocate, tensors and objects together; 1 MiB is always allowed on top. From 1 up, 2
    /// by default. More is needed where thousands of tensors have a few elements each.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maximumExpansion"/> is below 1.</exception>
    /// <exception cref="InvalidDataException">The file is no valid safetensors file, would take too much memory, or holds a type that
    /// TorchSharp lacks; the message says what is wrong.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read, or is a folder or a pipe.</exception>
    public static StateDict Load(string path, double maximumExpansion = SafetensorsReader.UsualExpansion)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Check(maximumExpansion);
        using var stream = InputFile.Open(path);
        return Load(stream, path, maximumExpansion, static entries => ToDictionary(entries));
    }

    // choose: the entries to read, by the names that their tensors get.
    internal static StateDict Load(
        string path, Func<IReadOnlyList<SafetensorsEntry>, IReadOnlyDictionary<string, SafetensorsEntry>> choose)
    {
        using var stream = InputFile.Open(path);
        return Load(stream, path, SafetensorsReader.UsualExpansion, choose);
    }

    /// <summary>Reads all tensors from the stream's position to its end. The stream stays open; the caller disposes the result.</summary>
    /// <param name="stream">A stream that can seek: its length guards every allocation.</param>
    /// <param name="maximumExpansion">As for a file.</param>
    /// <exception cref="ArgumentOutOfRangeException">As for a file.</exception>
    /// <exception cref="ArgumentException">The stream cannot seek: copy it to a file or a <see cref="MemoryStream"/> first.</exception>
    /// <exception cref="InvalidDataException">As for a file.</exception>
    public static StateDict Load(Stream stream, double maximumExpansion = SafetensorsReader.UsualExpansion)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Check(maximumExpansion);
        if (!stream.CanSeek)
        {
            throw new ArgumentException("The stream cannot seek, and its length is needed: copy it to a file or a MemoryStream first.",
                nameof(stream));
        }

        return Load(stream, "stream", maximumExpansion, static entries => ToDictionary(entries));
    }

    /// <summary>Writes tensors to a file; one of that name is replaced, and only once the new one is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Tensors by name, on any device, in any memory layout. They are not changed. Tensors that share memory are
    /// written one by one.</param>
    /// <param name="metadata">Free text by name; null for none.</param>
    /// <remarks>A symbolic link is followed, and the mode of a file that is replaced is kept. The bytes are on the disk when this
    /// returns.</remarks>
    /// <exception cref="ArgumentException">A name is <c>__metadata__</c>, a name or the metadata is not Unicode, they take more than 100
    /// MB, or the format lacks a tensor's type.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        var layout = Layout(tensors);
        AtomicFile.Write(path, stream => Write(stream, layout, tensors, metadata));
    }

    /// <summary>Writes tensors to a stream, which stays open.</summary>
    /// <param name="stream">Where to write.</param>
    /// <param name="tensors">As for a file.</param>
    /// <param name="metadata">As for a file.</param>
    /// <exception cref="ArgumentException">As for a file.</exception>
    public static void Save(
        Stream stream, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        Write(stream, Layout(tensors), tensors, metadata);
    }

    private static StateDict Load(
        Stream stream, string source, double maximumExpansion,
        Func<IReadOnlyList<SafetensorsEntry>, IReadOnlyDictionary<string, SafetensorsEntry>> choose)
    {
        var start = stream.Position;
        var header = SafetensorsReader.Read(stream, stream.Length - start, source, maximumExpansion);
        var chosen = choose(header.Entries);
        var unknown = chosen.Values.FirstOrDefault(entry => !TensorBytes.TryGetType(entry.DType, out _));
        if (unknown is not null)
        {
            throw new InvalidDataException($"'{source}': tensor '{Excerpt.Of(unknown.Name)}' has the type {unknown.DType}, which "
                + "TorchSharp does not have. Convert it in Python first, or read others alone: LoadWeights with "
                + $"{nameof(CheckpointOptions)}.{nameof(CheckpointOptions.Prefix)}.");
        }

        using var unfinished = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>(chosen.Count, StringComparer.Ordinal);
        foreach (var (name, entry) in chosen)
        {
            stream.Position = start + header.DataStart + entry.Begin;
            tensors.Add(name, TensorBytes.Read(stream, entry));
        }

        if (chosen.Count == header.Entries.Count)
        {
            var names = chosen.ToDictionary(pair => pair.Value, pair => pair.Key);
            SafetensorsChecksum.Verify(header, source, (entry, target) => TensorBytes.Write(target, tensors[names[entry]]));
        }

        unfinished.Detach(tensors.Values);
        return new StateDict(tensors, header.Metadata);
    }

    private static Dictionary<string, SafetensorsEntry> ToDictionary(IReadOnlyList<SafetensorsEntry> entries) =>
        entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);

    private static void Check(double maximumExpansion)
    {
        if (!(maximumExpansion >= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(maximumExpansion),
                maximumExpansion, "A file takes at least its own bytes: 1 or more.");
        }
    }

    private static IReadOnlyList<SafetensorsEntry> Layout(IReadOnlyDictionary<string, Tensor> tensors) =>
        SafetensorsWriter.Layout(tensors.Select(pair => new SafetensorsEntry
        {
            Name = pair.Key,
            DType = TensorBytes.TryGetName(pair.Value.dtype, out var name)
                ? name
                : throw new ArgumentException($"Tensor '{pair.Key}' has the type {pair.Value.dtype}, which safetensors files cannot hold. "
                + "Convert it first.", nameof(tensors)),
            Shape = pair.Value.shape,
        }));

    private static void Write(Stream stream, IReadOnlyList<SafetensorsEntry> layout, IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata) =>
        SafetensorsWriter.Write(stream, layout, metadata, (entry, target) => TensorBytes.Write(target, tensors[entry.Name]));
}

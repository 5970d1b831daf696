using Px.Bytes;
using Px.Pruning.Engine;
using Px.Pruning.Masking;
using Px.Pruning.Shrinking;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>
/// Files of pruned networks that hold only what is kept: the kept weights and where they are, and all other parameters and buffers as they
/// are.
/// </summary>
/// <remarks>
/// <para>
/// A safetensors file. A masked parameter takes its kept values and one bit a weight, or a byte a kept weight where that is less: at 98 %
/// sparsity about a twentieth of the dense file. <c>docs/files.md</c> of the repository describes the layout, with a few lines of Python
/// that read it.
/// </para>
/// <para>
/// The model is as large in memory as before; to save memory and time as well see <c>Shrinker</c>, whose small networks are saved in the
/// same way.
/// </para>
/// </remarks>
/// <example><code>
/// using var result = new SnipPruner().Prune(model, loader, sparsity: 0.98);
/// PrunedFile.Save("pruned.safetensors", model, result.Mask);
///
/// using var mask = PrunedFile.Load("pruned.safetensors", model);       // into a fresh module of the same class
/// using var binding = mask.Bind(model);                                // to train on
/// </code></example>
public static class PrunedFile
{
    /// <summary>Writes a pruned network and its mask to a file.</summary>
    /// <param name="path">The file; an existing one is replaced once the new one is complete.</param>
    /// <param name="model">The network, on any device. It is not changed. What modules share is written once.</param>
    /// <param name="mask">The mask, whose pruned weights are zero in the model. Its metadata are saved too.</param>
    /// <remarks>
    /// A symbolic link is followed, and the mode of a file that is replaced is kept. The bytes are on the disk when this returns. A
    /// checksum, <c>px-sha256</c> among the file's metadata, covers all of them.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// The mask does not fit the model, a pruned weight is not zero (<see cref="MaskBinding.Apply()"/> makes it so), the format lacks the
    /// type of a tensor, or names or metadata are not Unicode or take more than 100 MB.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="InvalidOperationException">Another thread is pruning, scoring, analysing or binding the model.</exception>
    /// <exception cref="ObjectDisposedException">The mask was disposed.</exception>
    public static void Save(string path, Module model, PruningMask mask)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var use = Check(model, mask);
        AtomicFile.Write(path, stream => PrunedFormat.Write(stream, model, mask));
    }

    /// <summary>Writes a pruned network and its mask to a stream.</summary>
    /// <param name="stream">Where to write; left open.</param>
    /// <param name="model">As for a file.</param>
    /// <param name="mask">As for a file.</param>
    /// <exception cref="ArgumentException">As for a file.</exception>
    /// <exception cref="InvalidOperationException">As for a file.</exception>
    /// <exception cref="ObjectDisposedException">The mask was disposed.</exception>
    public static void Save(Stream stream, Module model, PruningMask mask)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var use = Check(model, mask);
        PrunedFormat.Write(stream, model, mask);
    }

    /// <summary>Reads a pruned network into a module of its class: all parameters and buffers, bit for bit, pruned weights as +0.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">
    /// A network with the tensors of the one that was saved, in their types, on any device. Nothing of it changes when this throws.
    /// Bindings of other masks stay, and zero what they hold when the network is called.
    /// </param>
    /// <returns>The mask, in the model's order of parameters and with its metadata; the caller binds it to go on training, and disposes
    /// it.</returns>
    /// <remarks>Allocates at most 16 times the file's bytes and 1 MiB, and as much as the model has. A checksum is verified where the file
    /// has one.</remarks>
    /// <exception cref="ArgumentException">
    /// The model has other tensors than the file, or other shapes or types; the message lists them. For the file of a network that
    /// <c>Shrinker</c> made smaller see <see cref="Fit"/>.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read, or is a folder or a pipe; <see cref="FileNotFoundException"/> if there is
    /// none.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or not that of a pruned network; the message says where.</exception>
    /// <exception cref="UnsupportedModelException">The model was built under <c>torch.inference_mode()</c>.</exception>
    /// <exception cref="InvalidOperationException">Another thread is pruning, scoring, analysing or binding the model.</exception>
    public static PruningMask Load(string path, Module model)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(model);
        using var stream = InputFile.Open(path);
        return Load(stream, path, model);
    }

    /// <summary>Reads a pruned network from the stream's position to its end into a module of its class.</summary>
    /// <param name="stream">A stream that can seek; left open.</param>
    /// <param name="model">As for a file.</param>
    /// <returns>As for a file.</returns>
    /// <exception cref="ArgumentException">As for a file, or the stream cannot seek: copy it to a file or a <see cref="MemoryStream"/>
    /// first.</exception>
    /// <exception cref="InvalidDataException">As for a file.</exception>
    /// <exception cref="UnsupportedModelException">As for a file.</exception>
    /// <exception cref="InvalidOperationException">As for a file.</exception>
    public static PruningMask Load(Stream stream, Module model)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(model);
        if (stream.CanSeek) return Load(stream, "the stream", model);
        throw new ArgumentException("The stream cannot seek, and its length is needed: copy it to a file or a MemoryStream first.",
            nameof(stream));
    }

    /// <summary>
    /// Gives a fresh network the shapes of the small one in a file, as <see cref="Shrinker.Fit"/> does, so that
    /// <see cref="Load(string, Module)"/> can fill it.
    /// </summary>
    /// <param name="path">The file of a network that <c>Shrinker</c> made.</param>
    /// <param name="model">A network of the architecture that was shrunk, unshrunk. Channels are removed, never added.</param>
    /// <exception cref="ArgumentException">A layer is missing in the file, or has a shape that shrinking does not produce; the message
    /// names it, and the model is unchanged.</exception>
    /// <exception cref="IOException">As for <see cref="Load(string, Module)"/>.</exception>
    /// <exception cref="InvalidDataException">As for <see cref="Load(string, Module)"/>.</exception>
    /// <exception cref="UnsupportedModelException">As for <see cref="Shrinker.Fit"/>.</exception>
    public static void Fit(string path, Module model)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(model);
        using var scope = NewDisposeScope();
        using var stream = InputFile.Open(path);
        var shapes = PrunedContent.Read(stream, path).Shapes();
        Shrinker.Fit(model, shapes);
    }

    private static ModelUse Check(Module model, PruningMask mask)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(mask);
        MaskMismatch.ThrowIfAny(model, mask);
        return new ModelUse(model, "Saving a pruned network");
    }

    private static PruningMask Load(Stream stream, string source, Module model)
    {
        InferenceTensors.Refuse(model);
        using var use = new ModelUse(model, "Loading a pruned network");
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var content = PrunedContent.Read(stream, source);
        // All of it is read, checked and allocated before the first tensor of the model is written.
        var (values, masks) = content.For(model);
        var mask = PruningMask.Adopt(masks, content.Metadata);
        try
        {
            foreach (var (target, value) in values) target.copy_(value);
            return mask;
        }
        catch
        {
            mask.Dispose();
            throw;
        }
    }
}

using System.Collections.ObjectModel;
using System.Globalization;
using Px.Bytes;
using Px.Pruning.Engine;
using Px.Pruning.Masking;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>Which weights are kept: a bool tensor for each pruned parameter, by name and in its shape. Immutable.</summary>
/// <remarks>
/// Owns its tensors, which are on the CPU whatever the model's device. One mask fits every network with the same parameter names and
/// shapes. Parameters that are not pruned (biases, norm layers) are not in it.
/// </remarks>
/// <example><code>
/// using var mask = PruningMask.Load("mask.safetensors");
/// using var binding = mask.Bind(model);                // the pruned weights are zero from here on
/// </code></example>
public sealed class PruningMask : IDisposable
{
    private readonly Dictionary<string, Tensor> tensors;
    private readonly Dictionary<string, long> kept;
    private bool disposed;

    /// <summary>Creates a mask from tensors, which are copied.</summary>
    /// <param name="masks">
    /// Parameter names with masks in the parameters' shapes: bool, or any numeric type that holds only 0 (pruned) and 1 (kept); on any
    /// device. Their order is kept.
    /// </param>
    /// <param name="metadata">Free text about the mask, such as method and seed; <see langword="null"/> for none.</param>
    /// <exception cref="ArgumentNullException"><paramref name="masks"/> or one of its tensors is null.</exception>
    /// <exception cref="ArgumentException">There are no masks, a name is empty or appears twice, or a value is neither 0 nor 1.</exception>
    public PruningMask(IEnumerable<KeyValuePair<string, Tensor>> masks, IReadOnlyDictionary<string, string>? metadata = null)
        : this(MaskTensors.Copy(masks), metadata) { }

    private PruningMask(Dictionary<string, Tensor> owned, IReadOnlyDictionary<string, string>? metadata)
    {
        tensors = owned;
        kept = owned.ToDictionary(pair => pair.Key, pair => MaskTensors.CountTrue(pair.Value));
        Names = new ReadOnlyCollection<string>(owned.Keys.ToList());
        Kept = kept.Values.Sum();
        Total = owned.Values.Sum(mask => mask.numel());
        Metadata = new Dictionary<string, string>(metadata ?? ReadOnlyDictionary<string, string>.Empty).AsReadOnly();
    }

    // Creates a mask that takes over contiguous bool CPU tensors instead of copying them.
    internal static PruningMask Adopt(
        IEnumerable<KeyValuePair<string, Tensor>> masks, IReadOnlyDictionary<string, string>? metadata = null) =>
        new(masks.ToDictionary(pair => pair.Key, pair => pair.Value.DetachFromDisposeScope()), metadata);

    /// <summary>The names of the masked parameters in the order given; for a pruner's mask that is the model's order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Free text about the mask; pruners write method, seed and options. Empty if there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The number of weights kept over all parameters.</summary>
    public long Kept { get; }

    /// <summary>The number of weights, kept or pruned, over all parameters.</summary>
    public long Total { get; }

    /// <summary>The fraction of weights kept, in [0, 1]; 1 for a mask over no weights.</summary>
    public double Density => Total == 0 ? 1 : (double)Kept / Total;

    /// <summary>The fraction of weights pruned, in [0, 1]: 1 − <see cref="Density"/>.</summary>
    public double Sparsity => 1 - Density;

    /// <summary>The mask of one parameter: bool, on the CPU, in its shape, <see langword="true"/> where a weight is kept.</summary>
    /// <remarks>Borrowed: do not dispose or change it.</remarks>
    /// <param name="name">A name from <see cref="Names"/>.</param>
    /// <exception cref="KeyNotFoundException">There is no such mask.</exception>
    /// <exception cref="ObjectDisposedException">The mask was disposed.</exception>
    public Tensor this[string name]
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return tensors.TryGetValue(name, out var mask) ? mask : throw NoMask(name);
        }
    }

    /// <summary>Whether a parameter has a mask.</summary>
    /// <param name="name">The parameter's name, such as <c>layer1.0.conv1.weight</c>.</param>
    public bool Contains(string name) => tensors.ContainsKey(name);

    /// <summary>The number of weights kept in one parameter.</summary>
    /// <param name="name">A name from <see cref="Names"/>.</param>
    /// <exception cref="KeyNotFoundException">There is no such mask.</exception>
    public long KeptIn(string name) => kept.TryGetValue(name, out var count) ? count : throw NoMask(name);

    /// <summary>The number of weights, kept or pruned, in one parameter.</summary>
    /// <param name="name">A name from <see cref="Names"/>.</param>
    /// <exception cref="KeyNotFoundException">There is no such mask.</exception>
    /// <exception cref="ObjectDisposedException">The mask was disposed.</exception>
    public long TotalIn(string name) => this[name].numel();

    /// <summary>The overlap of two masks: <c>|A ∩ B| / min(|A|, |B|)</c> over the weights kept, in [0, 1].</summary>
    /// <param name="other">A mask over the same parameters, in any order.</param>
    /// <returns>1 if one mask's kept weights are a subset of the other's or both keep nothing; 0 if only one keeps any.</returns>
    /// <exception cref="ArgumentException">The masks have different names or shapes; the message lists them.</exception>
    public double Overlap(PruningMask other) => MaskAlgebra.Overlap(MaskAlgebra.CountCommon(this, other), Kept, other.Kept);

    /// <summary>The Jaccard index of two masks: <c>|A ∩ B| / |A ∪ B|</c> over the weights kept, in [0, 1].</summary>
    /// <param name="other">A mask over the same parameters, in any order.</param>
    /// <returns>1 exactly if both keep the same weights.</returns>
    /// <exception cref="ArgumentException">The masks have different names or shapes; the message lists them.</exception>
    public double Jaccard(PruningMask other) => MaskAlgebra.Jaccard(MaskAlgebra.CountCommon(this, other), Kept, other.Kept);

    /// <summary>Creates a mask that keeps the weights that either mask keeps; without metadata.</summary>
    /// <param name="other">A mask over the same parameters, in any order.</param>
    /// <exception cref="ArgumentException">The masks have different names or shapes; the message lists them.</exception>
    public PruningMask Union(PruningMask other) => MaskAlgebra.Combine(this, other, static (a, b) => a.logical_or(b));

    /// <summary>Creates a mask that keeps the weights that both masks keep; without metadata.</summary>
    /// <param name="other">A mask over the same parameters, in any order.</param>
    /// <exception cref="ArgumentException">The masks have different names or shapes; the message lists them.</exception>
    public PruningMask Intersect(PruningMask other) => MaskAlgebra.Combine(this, other, static (a, b) => a.logical_and(b));

    /// <summary>Creates a mask that keeps as many weights of each parameter as this one, at random positions.</summary>
    /// <param name="seed">The same seed gives the same mask, on every machine and whatever the order of the parameters.</param>
    /// <remarks>
    /// The usual test of whether a method's choice of weights matters, or only its layer densities. Every arrangement of a parameter's
    /// mask is equally likely, this mask's included. Metadata: this mask's, and <c>shuffled</c> with the seed.
    /// </remarks>
    public PruningMask ShuffleWithinLayers(long seed)
    {
        using var scope = NewDisposeScope();
        var shuffled = Names.Select(name => KeyValuePair.Create(name, MaskTensors.Shuffle(this[name], name, seed))).ToList();
        var metadata = new Dictionary<string, string>(Metadata) { ["shuffled"] = seed.ToString(CultureInfo.InvariantCulture) };
        return Adopt(shuffled, metadata);
    }

    /// <summary>Zeroes the pruned weights of a model and keeps them at zero until the binding is disposed.</summary>
    /// <param name="model">A network that has every masked parameter, in the mask's shape.</param>
    /// <returns>The binding, which has its own copy of the mask. The model keeps it alive until it is disposed.</returns>
    /// <remarks>Several masks may be bound to one model: the weights that all of them keep remain.</remarks>
    /// <exception cref="ArgumentException">
    /// A masked parameter is missing or has another shape; the message lists all of them, and the model is unchanged.
    /// </exception>
    /// <exception cref="UnsupportedModelException">The model was built under <c>torch.inference_mode()</c>.</exception>
    /// <exception cref="InvalidOperationException">Another thread is pruning, scoring, analysing or binding the model.</exception>
    /// <exception cref="ObjectDisposedException">The mask was disposed.</exception>
    public MaskBinding Bind(Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        MaskMismatch.ThrowIfAny(model, this);
        InferenceTensors.Refuse(model);
        using var use = new ModelUse(model, "Binding a mask");
        return new MaskBinding(model, this);
    }

    /// <summary>Writes the mask to a safetensors file, which Python reads with <c>safetensors.torch.load_file</c>.</summary>
    /// <param name="path">The file; an existing one is replaced once the new one is complete.</param>
    /// <remarks>
    /// A symbolic link is followed, and the mode of a file that is replaced is kept. The bytes are on the disk when this returns. A
    /// checksum, <c>px-sha256</c> among the file's metadata, covers all of them.
    /// </remarks>
    /// <exception cref="ArgumentException">A name or the metadata is not Unicode, or they take more than 100 MB.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The mask was disposed.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ObjectDisposedException.ThrowIf(disposed, this);
        AtomicFile.Write(path, stream => MaskFile.Write(stream, this));
    }

    /// <summary>Writes the mask to a stream in the safetensors format.</summary>
    /// <param name="stream">Where to write; left open.</param>
    /// <exception cref="ArgumentException">As for a file.</exception>
    /// <exception cref="ObjectDisposedException">The mask was disposed.</exception>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(disposed, this);
        MaskFile.Write(stream, this);
    }

    /// <summary>Reads a mask from a safetensors file: tensors of type BOOL, or U8 holding 0 and 1 only, and the metadata.</summary>
    /// <remarks>Reads whatever <see cref="Save(string)"/> writes, and allocates at most 16 times the file's bytes and 1 MiB. A checksum is
    /// verified where the file has one.</remarks>
    /// <param name="path">The file, or a pipe.</param>
    /// <returns>The mask; the caller disposes it.</returns>
    /// <exception cref="IOException">The file cannot be read, or is a folder; <see cref="FileNotFoundException"/> if there is
    /// none.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or does not hold masks; the message says where.</exception>
    public static PruningMask Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var stream = InputFile.OpenAny(path);
        return MaskFile.Read(stream, path);
    }

    /// <summary>Reads a mask in the safetensors format, from the stream's position to its end.</summary>
    /// <param name="stream">Where to read; left open. One that cannot seek is read through a temporary file, once its header is
    /// checked.</param>
    /// <returns>The mask; the caller disposes it.</returns>
    /// <exception cref="InvalidDataException">The data is damaged or does not hold masks; the message says where.</exception>
    public static PruningMask Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return MaskFile.Read(stream, "the stream");
    }

    /// <summary>Disposes the tensors. Bindings have their own copies; counts, names and metadata stay readable.</summary>
    public void Dispose()
    {
        disposed = true;
        foreach (var mask in tensors.Values) mask.Dispose();
    }

    private KeyNotFoundException NoMask(string name) =>
        new($"There is no mask for '{name}'. There are masks for: {string.Join(", ", Names)}.");
}

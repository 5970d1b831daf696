using Px.Bytes;
using Px.Safetensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Masking;

// What a pruned network's file holds, checked as far as that goes without a model. Its tensors are in the dispose scope that was open.
internal sealed class PrunedContent
{
    private readonly string source;
    private readonly Dictionary<string, Tensor> tensors;

    private PrunedContent(string source, Dictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string> metadata) =>
        (this.source, this.tensors, Metadata) = (source, tensors, metadata);

    // The mask's own.
    internal IReadOnlyDictionary<string, string> Metadata { get; }

    // From the position of a stream that can seek to its end. Throws InvalidDataException.
    internal static PrunedContent Read(Stream stream, string source)
    {
        var header = SafetensorsReader.Read(stream, stream.Length - stream.Position, source, SafetensorsReader.OwnExpansion);
        string? version = header.Metadata.GetValueOrDefault(PrunedFormat.VersionKey);
        if (version is null)
        {
            throw new InvalidDataException($"'{source}' is not the file of a pruned network: its metadata have no "
                + $"'{PrunedFormat.VersionKey}'. PruningMask.Load reads masks, SafetensorsFile.Load of Px.Pruning.Models plain weights.");
        }

        if (version != PrunedFormat.Version)
            throw new InvalidDataException($"'{source}' has version '{Excerpt.Of(version)}' of the format; this library reads version 1.");
        if (header.Entries.FirstOrDefault(entry => !TensorBytes.TryGetType(entry.DType, out _)) is { } unknown)
            throw new InvalidDataException($"'{source}': tensor '{Excerpt.Of(unknown.Name)}' has the type {unknown.DType}.");
        if (!header.Entries.Any(entry => entry.Name.EndsWith(PrunedFormat.Values, StringComparison.Ordinal)))
            throw new InvalidDataException($"'{source}' holds no pruned parameter.");
        var tensors = header.Entries.ToDictionary(entry => entry.Name, entry => TensorBytes.Read(stream, entry), StringComparer.Ordinal);
        SafetensorsChecksum.Verify(header, source, (entry, target) => TensorBytes.Write(target, tensors[entry.Name]));
        var metadata = new Dictionary<string, string>(header.Metadata, StringComparer.Ordinal);
        metadata.Remove(PrunedFormat.VersionKey);
        return new(source, tensors, metadata);
    }

    // The network's tensors with their shapes, but without their numbers.
    internal Dictionary<string, Tensor> Shapes()
    {
        var shapes = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (string name in tensors.Keys)
        {
            if (!name.EndsWith(PrunedFormat.Shape, StringComparison.Ordinal)) shapes.TryAdd(name, tensors[name]);
            else shapes[name[..^PrunedFormat.Shape.Length]] = Nothing(ShapeOf(name));
        }

        return shapes;
    }

    // The tensors of the model with what they shall hold, and the masks, in the model's order: CPU tensors in the current dispose scope.
    // Throws ArgumentException where the model is another, InvalidDataException where the file contradicts itself. Writes nothing.
    internal (List<(Tensor Target, Tensor Value)> Values, Dictionary<string, Tensor> Masks) For(Module model)
    {
        var (values, masks) = (new List<(Tensor, Tensor)>(), new Dictionary<string, Tensor>(StringComparer.Ordinal));
        var (missing, different, unused) = (new List<string>(), new List<string>(), tensors.Keys.ToHashSet(StringComparer.Ordinal));
        foreach (var (target, names) in PrunedFormat.TensorsOf(model))
        {
            var masked = names.FindAll(name => tensors.ContainsKey(name + PrunedFormat.Values) && model.get_parameter(name) is not null);
            foreach (string name in masked)
            {
                string places = tensors.ContainsKey(name + PrunedFormat.Bits) ? PrunedFormat.Bits : PrunedFormat.Gaps;
                unused.ExceptWith([name + PrunedFormat.Values, name + PrunedFormat.Shape, name + places]);
                if (!Fits(name, target, tensors[name + PrunedFormat.Values], ShapeOf(name + PrunedFormat.Shape), different)) continue;
                masks[name] = ReadMask(name, places, target.shape);
                values.Add((target, KeptValues.Spread(tensors[name + PrunedFormat.Values], masks[name])));
            }

            if (masked.Count > 0) continue;
            if (names.Find(tensors.ContainsKey) is not { } dense) missing.Add($"'{names[0]}' {ShapeText.Of(target.shape)}");
            else if (unused.Remove(dense) && Fits(dense, target, tensors[dense], tensors[dense].shape, different))
                values.Add((target, tensors[dense]));
        }

        if (missing.Count + different.Count + unused.Count == 0) return (values, masks);
        throw new ArgumentException(
            $"'{source}' does not fit the model, which is unchanged." + MaskMismatch.List("The file lacks", missing, text => text)
            + MaskMismatch.List("The model lacks", [.. unused], name => $"'{Excerpt.Of(name)}'")
            + MaskMismatch.List("Different are", different, text => text)
            + (different.Count == 0 ? "" : " Give the model the file's type by to(); where Shrinker made the network smaller, call "
                + "PrunedFile.Fit(path, model) before."),
            nameof(model));
    }

    private static bool Fits(string name, Tensor target, Tensor values, long[] shape, List<string> different)
    {
        if (values.dtype == target.dtype && shape.AsSpan().SequenceEqual(target.shape)) return true;
        different.Add(
            $"'{name}' (file {values.dtype} {ShapeText.Of(shape)}, model {target.dtype} {ShapeText.Of(target.shape)})");
        return false;
    }

    private Tensor ReadMask(string name, string places, long[] shape)
    {
        var (bytes, values) = (Vector(name + places, ScalarType.Byte), tensors[name + PrunedFormat.Values]);
        bool areBits = places == PrunedFormat.Bits;
        long kept = areBits ? KeptPlaces.CountBits(bytes) : KeptPlaces.CountGaps(bytes);
        if (values.dim() != 1 || kept != values.numel())
            throw Broken(name, $"marks {kept} weights as kept, and there are values of shape {ShapeText.Of(values.shape)}");
        var mask = zeros(shape, ScalarType.Bool, CPU);
        if (areBits && bytes.numel() != KeptPlaces.BitsLength(mask.numel()))
            throw Broken(name, $"has {bytes.numel()} bytes of bits for {mask.numel()} weights");
        if (areBits ? KeptPlaces.TryReadBits(bytes, mask) : KeptPlaces.TryReadGaps(bytes, mask)) return mask;
        throw Broken(name, $"marks more than its {mask.numel()} weights");
    }

    private long[] ShapeOf(string name)
    {
        var sizes = new TensorMemory<long>(Vector(name, ScalarType.Int64));
        return sizes.Length > SafetensorsHeader.MaximumDimensions
            ? throw Broken(name, $"has {sizes.Length} dimensions")
            : sizes.Slice(0, (int)sizes.Length).ToArray();
    }

    private Tensor Vector(string name, ScalarType type) =>
        tensors.TryGetValue(name, out var tensor) && tensor.dtype == type && tensor.dim() == 1
            ? tensor
            : throw Broken(
                name, $"is {(tensor is null ? "missing" : $"{tensor.dtype} {ShapeText.Of(tensor.shape)}")} instead of a list of {type}");

    private Tensor Nothing(long[] shape) => shape.All(size => size >= 0) && SafetensorsDType.ByteCount("F64", shape) >= 0
        ? zeros([]).expand(shape)
        : throw new InvalidDataException($"'{source}' is damaged: {ShapeText.Of(shape)} is not the shape of a tensor.");

    private InvalidDataException Broken(string name, string what) => new($"'{source}' is damaged: '{Excerpt.Of(name)}' {what}.");
}

using System.Runtime.InteropServices;
using Px.Bytes;
using Px.Safetensors;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Masking;

// The file of a pruned network, whose layout docs/files.md describes: three tensors for each masked parameter, all others as they are.
internal static class PrunedFormat
{
    internal const string VersionKey = "px-pruned", Version = "1";
    internal const string Values = "/values", Shape = "/shape", Bits = "/bits", Gaps = "/gaps";

    // The tensors of a model's state in its order, each once with all of its names: modules may share a parameter.
    internal static IEnumerable<(Tensor Tensor, List<string> Names)> TensorsOf(Module model) =>
        model.state_dict().GroupBy(pair => TensorAddress.Of(pair.Value))
            .Select(same => (same.First().Value, same.Select(pair => pair.Key).ToList()));

    // Throws ArgumentException where the format cannot hold a tensor, or pruned weights are not zero.
    internal static void Write(Stream stream, Module model, PruningMask mask)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var pieces = new Dictionary<string, Piece>(StringComparer.Ordinal);
        foreach (var (tensor, names) in TensorsOf(model))
        {
            var masked = names.FindAll(mask.Contains);
            if (masked.Count == 0) pieces.Add(names[0], Dense(names[0], tensor));
            foreach (string name in masked)
            {
                foreach (var (ending, piece) in Masked(name, tensor, mask[name])) pieces.Add(name + ending, piece);
            }
        }

        if (mask.Names.FirstOrDefault(name => !pieces.ContainsKey(name + Values)) is { } lost)
            throw new ArgumentException($"The masked parameter '{lost}' is not in the model's state_dict().");
        var layout = SafetensorsWriter.Layout(
            pieces.Select(p => new SafetensorsEntry { Name = p.Key, DType = p.Value.Type, Shape = p.Value.Shape }));
        var metadata = new Dictionary<string, string>(mask.Metadata) { [VersionKey] = Version };
        SafetensorsWriter.WriteOwn(stream, layout, metadata, (entry, target) => pieces[entry.Name].Write(target));
    }

    private sealed record Piece(string Type, long[] Shape, Action<Stream> Write);

    private static Piece Dense(string name, Tensor tensor) =>
        Array.Find([Values, Shape, Bits, Gaps], ending => name.EndsWith(ending, StringComparison.Ordinal)) is { } reserved
            ? throw new ArgumentException($"The model has a tensor '{name}', but names on '{reserved}' are the format's own.")
            : new(TypeOf(name, tensor), tensor.shape, target => TensorBytes.Write(target, tensor));

    private static IEnumerable<(string Ending, Piece Piece)> Masked(string name, Tensor tensor, Tensor mask)
    {
        long broken = tensor.ne(0).logical_and_(mask.logical_not().to(tensor.device)).sum().ToInt64();
        if (broken > 0)
        {
            throw new ArgumentException(
                $"{broken:N0} pruned weights of '{name}' are not zero, and the file would lose them. Bind the mask to the model, or call "
                + "Apply() of its binding, before the model is saved.");
        }

        long[] shape = tensor.shape;
        byte[]? gaps = KeptPlaces.ShorterGaps(mask);
        byte[] places = gaps ?? KeptPlaces.Bits(mask);
        yield return (Values, new(TypeOf(name, tensor), [MaskTensors.CountTrue(mask)], target => KeptValues.Write(target, tensor, mask)));
        yield return (Shape, new("I64", [shape.Length], target => target.Write(MemoryMarshal.AsBytes<long>(shape))));
        yield return (gaps is null ? Bits : Gaps, new("U8", [places.Length], target => target.Write(places)));
    }

    private static string TypeOf(string name, Tensor tensor) => TensorBytes.TryGetName(tensor.dtype, out string? type)
        ? type
        : throw new ArgumentException($"'{name}' has the type {tensor.dtype}, which safetensors files cannot hold. Convert it first.");
}

// The numbers of a parameter that a mask keeps, bit for bit and of any type, in row-major order.
internal static class KeptValues
{
    internal static void Write(Stream target, Tensor parameter, Tensor mask)
    {
        using var temporaries = NewDisposeScope();
        var whole = parameter.detach().cpu().contiguous();
        int size = (int)whole.ElementSize, filled = 0;
        TensorMemory<byte> all = new(whole), marks = new(mask);
        var part = new byte[size << 12];
        for (long i = 0; i < marks.Length; i++)
        {
            if (marks[i] == 0) continue;
            all.Slice(i * size, size).CopyTo(part.AsSpan(filled));
            filled += size;
            if (filled < part.Length) continue;
            target.Write(part);
            filled = 0;
        }

        target.Write(part, 0, filled);
    }

    // A tensor of zeros, in the mask's shape, with one value for each weight that the mask keeps.
    internal static Tensor Spread(Tensor values, Tensor mask)
    {
        var whole = zeros(mask.shape, values.dtype, CPU);
        int size = (int)whole.ElementSize;
        TensorMemory<byte> all = new(whole), marks = new(mask), source = new(values);
        long next = 0;
        for (long i = 0; i < marks.Length; i++)
        {
            if (marks[i] == 0) continue;
            source.Slice(next, size).CopyTo(all.Slice(i * size, size));
            next += size;
        }

        return whole;
    }
}

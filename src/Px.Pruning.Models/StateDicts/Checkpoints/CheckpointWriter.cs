using System.Globalization;
using Px.Bytes;
using Px.Pruning.Models.StateDicts.Pickle;
using Px.Pruning.Models.StateDicts.Zip;
using Px.Safetensors;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// Writes tensors as PyTorch writes an ordered dictionary of them, in the zip format, using nothing that weights_only would refuse.
internal sealed class CheckpointWriter
{
    private const string Folder = "archive";

    private readonly IReadOnlyDictionary<string, Tensor> tensors;
    private readonly List<(string Name, TorchType Type, long[] Shape)> layout;

    // Throws ArgumentException if a tensor's type has no name in PyTorch's files, or its own name is not Unicode.
    internal CheckpointWriter(IReadOnlyDictionary<string, Tensor> tensors)
    {
        this.tensors = tensors;
        layout = [.. tensors.Select(pair => (
            UnicodeText.Require(pair.Key, "The tensor name"),
            TypeOf(pair.Value) ?? throw new ArgumentException($"Tensor '{pair.Key}' has the type {pair.Value.dtype}, which checkpoints are "
                + "not written in. Convert it first.", nameof(tensors)),
            pair.Value.shape))];
    }

    internal void Write(Stream stream)
    {
        var zip = new ZipWriter(stream);
        zip.Add($"{Folder}/data.pkl", MakePickle());
        zip.Add($"{Folder}/byteorder", "little"u8.ToArray());
        for (var i = 0; i < layout.Count; i++)
            AddStorage(zip, i);
        zip.Add($"{Folder}/version", "3\n"u8.ToArray());
        zip.Finish();
    }

    private void AddStorage(ZipWriter zip, int index)
    {
        using var temporaries = NewDisposeScope();
        var contiguous = tensors[layout[index].Name].detach().cpu().contiguous();
        zip.Add($"{Folder}/data/{Key(index)}", contiguous.numel() * contiguous.ElementSize, action =>
            TensorBytes.ForEachChunk(contiguous, action));
    }

    private byte[] MakePickle()
    {
        var pickle = new PickleWriter();
        pickle.Call("collections", "OrderedDict", () => { });
        pickle.Entries(() =>
        {
            for (var i = 0; i < layout.Count; i++)
            {
                pickle.Text(layout[i].Name);
                AddTensor(pickle, i);
            }
        });
        return pickle.Finish();
    }

    private void AddTensor(PickleWriter pickle, int index)
    {
        var (_, type, shape) = layout[index];
        var count = shape.Aggregate(1L, (product, size) => product * size);
        pickle.Call("torch._utils", "_rebuild_tensor_v2", () =>
        {
            pickle.Tuple(() =>
            {
                pickle.Text("storage");
                pickle.Global("torch", type.StorageName);
                pickle.Text(Key(index));
                pickle.Text("cpu");
                pickle.Number(count);
            });
            pickle.PersistentId();
            pickle.Number(0); // the offset
            pickle.Numbers(shape);
            pickle.Numbers(Strides(shape));
            pickle.False(); // wants no gradient
            pickle.Call("collections", "OrderedDict", () => { }); // has no hooks
        });
    }

    private static long[] Strides(long[] shape)
    {
        var strides = new long[shape.Length];
        for (var (i, step) = (shape.Length - 1, 1L); i >= 0; i--)
        {
            strides[i] = step;
            step *= Math.Max(shape[i], 1);
        }

        return strides;
    }

    private static string Key(int index) => index.ToString(CultureInfo.InvariantCulture);

    private static TorchType? TypeOf(Tensor tensor) => TorchType.All.FirstOrDefault(known => known.Type == tensor.dtype);
}

using System.Text;
using Px.Bytes;
using Px.Pruning.Models.StateDicts.Bytes;
using Px.Pruning.Models.StateDicts.Pickle;
using Px.Pruning.Models.StateDicts.Zip;
using Px.Safetensors;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// Files since PyTorch 1.6: a zip archive with NAME/data.pkl, and the storages as NAME/data/0 and so on.
// Source: https://github.com/pytorch/pytorch/blob/main/caffe2/serialize/inline_container.h,
// https://docs.pytorch.org/docs/stable/notes/serialization.html.
internal sealed class ZipContainer : ICheckpointContainer
{
    private const string PickleName = "/data.pkl";

    private readonly ZipReader zip;
    private readonly MemoryBudget budget;
    private readonly string folder;

    internal ZipContainer(ByteSource file, bool allowUnknown, MemoryBudget budget)
    {
        (zip, this.budget) = (ZipReader.Open(file, budget), budget);
        var pickles = zip.Names.Where(name => name.EndsWith(PickleName, StringComparison.Ordinal)).ToList();
        folder = pickles is [var pickle] ? pickle[..^PickleName.Length] : throw new InvalidDataException(
            $"a checkpoint has one file data.pkl in a folder, and this archive has {(pickles.Count == 0 ? "none" : "several")}. Its "
            + $"files: {Excerpt.Of(zip.Names)}.");
        if (zip.Contains($"{folder}/constants.pkl"))
        {
            throw new InvalidDataException("it is a TorchScript archive: a program with its weights. In Python, save the weights alone: "
                + "torch.save(torch.jit.load(path, map_location='cpu').state_dict(), new_path).");
        }

        if (zip.Contains($"{folder}/byteorder") && Encoding.ASCII.GetString(ReadBytes($"{folder}/byteorder")) is var order
            && order != "little")
        {
            throw new InvalidDataException($"its byte order is '{Excerpt.Of(order)}', and only 'little' is read: save it again on a "
                + "machine of that order.");
        }

        var bytes = ReadBytes(pickle);
        var reader = new PickleReader(new MemoryStream(bytes), bytes.Length, budget);
        Root = CheckpointSelection.RequireDictionary(Unpickler.Load(reader, new TorchWorld(allowUnknown, budget), budget));
    }

    public PickleDictionary Root { get; }

    public Tensor Read(TorchStorage storage)
    {
        var name = $"{folder}/data/{storage.Key}";
        var length = zip.Length(name);
        if (length != storage.ByteCount)
        {
            throw new InvalidDataException($"the archive's file '{Excerpt.Of(name)}' has {length} bytes where {storage.Count} elements of "
                + $"type {storage.Type.Name} were expected.");
        }

        budget.Spend(length);
        return zip.Read(name, read => TensorBytes.Read(Excerpt.Of(name), storage.Type.Type!.Value, [storage.Count], read));
    }

    private byte[] ReadBytes(string name)
    {
        var bytes = budget.Allocate(zip.Length(name));
        return zip.Read(name, read =>
        {
            read(bytes);
            return bytes;
        });
    }
}

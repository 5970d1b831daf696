using Px.Bytes;
using Px.Pruning.Models.StateDicts.Bytes;
using Px.Pruning.Models.StateDicts.Pickle;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// Reads a checkpoint from its first byte to a state dict.
internal static class CheckpointReader
{
    // The bytes that the runtime and libtorch take for a tensor without its elements, and the runtime for a text among others.
    private const int ViewCost = 512, TextCost = 128;

    private const string Remedy = $"If you trust the file, let {nameof(CheckpointOptions)}.{nameof(CheckpointOptions.MaximumExpansion)} "
        + "allow more.";

    private const byte PickleProtocol = 0x80, PickleLong = (byte)'L';

    private enum Format
    {
        Unknown,
        Zip,
        Legacy,
    }

    // Whether a file begins as checkpoints do.
    internal static bool Recognizes(string path)
    {
        using var stream = InputFile.Open(path);
        return FormatOf(new ByteSource(stream)) != Format.Unknown;
    }

    // Throws ArgumentException if an option lies outside its range.
    // Throws InvalidDataException if the file is not to be read; the message says why.
    internal static StateDict Read(Stream stream, CheckpointOptions options, string source)
    {
        options.Validate();
        try
        {
            var file = new ByteSource(stream);
            var budget = new MemoryBudget(file.Length, options.MaximumExpansion, Remedy);
            ICheckpointContainer container = FormatOf(file) switch
            {
                Format.Zip => new ZipContainer(file, options.AllowUnknownObjects, budget),
                Format.Legacy => new LegacyContainer(file, options.AllowUnknownObjects, budget),
                _ => throw new InvalidDataException("it begins neither as a zip archive nor as a pickle. Was it downloaded whole, and is "
                    + "it a file of torch.save?"),
            };
            var dictionary = CheckpointSelection.Find(container.Root, options.Key);
            var metadata = PlainValues([container.Root, dictionary], budget);
            var selected = KeyPrefix.Remove(TensorsOf(dictionary, budget), options.Prefix).Values;
            return new StateDict(Tensors(container, selected, budget), metadata);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"'{source}' cannot be read as a checkpoint: {e.Message}", e);
        }
    }

    // A safetensors file has a length in its first eight bytes, which may be any, and then a brace: no checkpoint has one there.
    private static Format FormatOf(ByteSource file) => file.ReadAt(0, new byte[Math.Min(file.Length, 9)]) switch
    {
        [_, _, _, _, _, _, _, _, (byte)'{'] => Format.Unknown,
        [(byte)'P', (byte)'K', 3, 4, ..] => Format.Zip,
        [PickleProtocol or PickleLong, ..] => Format.Legacy,
        _ => Format.Unknown,
    };

    private static List<KeyValuePair<string, SavedTensor>> TensorsOf(PickleDictionary dictionary, MemoryBudget budget)
    {
        var tensors = new List<KeyValuePair<string, SavedTensor>>();
        foreach (var (name, value) in dictionary.Entries)
        {
            if (value is not SavedTensor tensor)
                continue;
            budget.Spend(ViewCost + sizeof(char) * KeyPrefix.CopiesOf(name) * (long)name.Length);
            tensors.Add(new(name, tensor));
        }

        return tensors;
    }

    private static Dictionary<string, string> PlainValues(IEnumerable<PickleDictionary> holders, MemoryBudget budget)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in holders.SelectMany(holder => holder.Entries))
        {
            if (CheckpointSelection.PlainText(value) is not { } text)
                continue;
            budget.Spend(TextCost);
            texts[name] = text;
        }

        return texts;
    }

    private static Dictionary<string, Tensor> Tensors(
        ICheckpointContainer container, Dictionary<string, SavedTensor> selected, MemoryBudget budget)
    {
        foreach (var (name, saved) in selected)
        {
            if (saved is UnreadableTensor unreadable)
            {
                throw new InvalidDataException($"tensor '{Excerpt.Of(name)}' {unreadable.Reason}. The others can be read without it, by "
                    + $"{nameof(CheckpointOptions)}.{nameof(CheckpointOptions.Prefix)} or "
                    + $"{nameof(CheckpointOptions.AllowUnknownObjects)}.");
            }
        }

        using var unfinished = NewDisposeScope();
        var storages = new Dictionary<TorchStorage, Tensor>(ReferenceEqualityComparer.Instance);
        var tensors = new Dictionary<string, Tensor>(selected.Count, StringComparer.Ordinal);
        foreach (var (name, saved) in selected)
        {
            var tensor = (TorchTensor)saved;
            if (!storages.TryGetValue(tensor.Storage, out var memory))
                storages.Add(tensor.Storage, memory = container.Read(tensor.Storage));
            tensors.Add(name, tensor.View(memory, budget));
        }

        unfinished.Detach(tensors.Values);
        return tensors;
    }
}

using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Px.Bytes;
using Px.Pruning.Models.StateDicts.Bytes;
using Px.Pruning.Models.StateDicts.Pickle;
using Px.Safetensors;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// Files before PyTorch 1.6: five pickles (magic number, version, the writer's machine, the object, its storages' keys), then each storage's
// count and elements. Elements are little-endian whatever the writer's machine was. What follows the last storage is not looked at.
// Source: _legacy_load in https://github.com/pytorch/pytorch/blob/main/torch/serialization.py.
internal sealed class LegacyContainer : ICheckpointContainer
{
    // What the runtime takes for a key's place in the dictionary of offsets.
    private const int OffsetCost = 96;

    private const long Version = 1001;

    private static readonly BigInteger Magic =
        BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private readonly ByteSource file;
    private readonly MemoryBudget budget;
    private readonly Dictionary<string, long> offsets = new(StringComparer.Ordinal);

    internal LegacyContainer(ByteSource file, bool allowUnknown, MemoryBudget budget)
    {
        (this.file, this.budget) = (file, budget);
        var world = new TorchWorld(allowUnknown, budget);
        var reader = new PickleReader(file.SeekTo(0), file.Length, budget);
        if (Next() is not BigInteger magic || magic != Magic)
            throw new InvalidDataException("it is a pickle, and none of torch.save: save the state dict with that.");
        if (Next() is not Version)
            throw new InvalidDataException($"it is of a version of PyTorch's format other than {Version}.");
        Next();
        var root = Next();
        if (root is PickleOpaque)
            CheckpointSelection.RequireDictionary(root); // says what it is, although the storages may be missing too
        Locate(Next() as List<object?>
            ?? throw new InvalidDataException("its storages' keys are no list."), reader.Position, world.Storages);
        Root = CheckpointSelection.RequireDictionary(root);

        object? Next() => Unpickler.Load(reader, world, budget);
    }

    public PickleDictionary Root { get; }

    public Tensor Read(TorchStorage storage)
    {
        if (!offsets.TryGetValue(storage.Key, out var offset))
            throw new InvalidDataException($"it lists no storage '{Excerpt.Of(storage.Key)}', which a tensor lies in.");
        budget.Spend(storage.ByteCount);
        var name = $"storage {Excerpt.Of(storage.Key)}";
        return TensorBytes.Read(name, storage.Type.Type!.Value, [storage.Count], file.SeekTo(offset).ReadExactly);
    }

    private void Locate(List<object?> keys, long position, IReadOnlyDictionary<string, TorchStorage> storages)
    {
        var prefix = new byte[sizeof(long)];
        foreach (var item in keys)
        {
            if (item is not string key || !storages.TryGetValue(key, out var storage))
                throw new InvalidDataException("it lists a storage that no tensor lies in.");
            var count = BinaryPrimitives.ReadInt64LittleEndian(file.ReadAt(position, prefix));
            position += prefix.Length;
            if (count != storage.Count)
            {
                throw new InvalidDataException($"the storage '{Excerpt.Of(key)}' has {count} elements at byte {position} where "
                    + $"{storage.Count} were expected.");
            }

            if (storage.ByteCount > file.Length - position)
            {
                throw new InvalidDataException($"the storage '{Excerpt.Of(key)}' takes {storage.ByteCount} bytes from byte {position} on, "
                    + $"and the file has {file.Length}: it is truncated.");
            }

            budget.Spend(OffsetCost);
            if (!offsets.TryAdd(key, position))
                throw new InvalidDataException($"it lists the storage '{Excerpt.Of(key)}' twice.");
            position += storage.ByteCount;
        }
    }
}

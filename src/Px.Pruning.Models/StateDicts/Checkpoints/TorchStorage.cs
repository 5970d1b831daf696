namespace Px.Pruning.Models.StateDicts.Checkpoints;

// A piece of memory that a checkpoint holds, and that any number of tensors may lie in.
internal sealed record TorchStorage(string Key, TorchType Type, long Count)
{
    // The number of its bytes, or the largest number where that is larger still.
    internal long ByteCount => (long)Int128.Min((Int128)Count * Type.Size, long.MaxValue);
}

// Part of a storage: PyTorch before 0.4 wrote those, now they are always the whole.
internal sealed record TorchStorageView(TorchStorage Storage, long Offset, long Count);

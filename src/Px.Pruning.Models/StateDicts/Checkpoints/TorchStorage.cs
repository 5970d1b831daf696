namespace Px.Pruning.Models.StateDicts.Checkpoints;

/// <summary>A piece of memory that a checkpoint holds, and that any number of tensors may lie in.</summary>
/// <param name="Key">The text under which the file keeps it.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Count">The number of its elements, 0 or more.</param>
internal sealed record TorchStorage(string Key, TorchType Type, long Count)
{
    /// <summary>The number of its bytes, or the largest number where that is larger still.</summary>
    public long ByteCount => (long)Int128.Min((Int128)Count * Type.Size, long.MaxValue);
}

/// <summary>Part of a storage: PyTorch before 0.4 wrote those, now they are always the whole.</summary>
internal sealed record TorchStorageView(TorchStorage Storage, long Offset, long Count);

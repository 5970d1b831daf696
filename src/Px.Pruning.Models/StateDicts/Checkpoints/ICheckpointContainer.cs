using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

/// <summary>One of the two layouts that PyTorch gives its files: a pickled object, and the storages that its tensors lie in.</summary>
internal interface ICheckpointContainer
{
    /// <summary>The object: plain values and <see cref="TorchTensor"/>s.</summary>
    object? Root { get; }

    /// <summary>A storage's elements as a new tensor of one dimension.</summary>
    /// <exception cref="InvalidDataException">It is not there, truncated or damaged.</exception>
    Tensor Read(TorchStorage storage);
}

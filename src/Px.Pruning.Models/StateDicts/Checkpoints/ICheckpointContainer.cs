using Px.Pruning.Models.StateDicts.Pickle;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// One of the two layouts that PyTorch gives its files: a pickled object, and the storages that its tensors lie in.
internal interface ICheckpointContainer
{
    // The object: plain values and SavedTensors.
    PickleDictionary Root { get; }

    // A storage's elements as a new tensor of one dimension.
    // Throws InvalidDataException if it is not there, truncated or damaged.
    Tensor Read(TorchStorage storage);
}

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// A function or class of Python that a checkpoint may call: ours, from what it is given. InvalidDataException: It takes something else.
internal delegate object? TorchFunction(TorchWorld world, object?[] arguments);

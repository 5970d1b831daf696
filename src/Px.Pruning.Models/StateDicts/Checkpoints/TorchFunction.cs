namespace Px.Pruning.Models.StateDicts.Checkpoints;

// Our version of a function or class of Python that a checkpoint may call.
// Throws InvalidDataException if it takes something else.
internal delegate object? TorchFunction(TorchWorld world, object?[] arguments);

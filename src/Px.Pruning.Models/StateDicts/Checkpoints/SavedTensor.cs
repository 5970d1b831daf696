namespace Px.Pruning.Models.StateDicts.Checkpoints;

// A tensor as a checkpoint describes it: one that can be read, or one of a kind that cannot.
internal abstract class SavedTensor;

// A tensor of a kind that is not read. It does no harm unless it is among the tensors that were asked for.
internal sealed class UnreadableTensor(string reason) : SavedTensor
{
    // Why not, and what to do in Python: the end of a sentence that begins with the tensor's name.
    internal string Reason { get; } = reason;
}

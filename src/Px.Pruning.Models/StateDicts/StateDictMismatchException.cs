namespace Px.Pruning.Models.StateDicts;

/// <summary>Tensors did not fit the module they were meant for. The module is unchanged.</summary>
public sealed class StateDictMismatchException : Exception
{
    internal StateDictMismatchException(StateDictMismatch mismatch)
        : base($"The tensors do not fit the module; nothing was loaded.\n{mismatch}") => Mismatch = mismatch;

    /// <summary>Where they disagree.</summary>
    public StateDictMismatch Mismatch { get; }
}

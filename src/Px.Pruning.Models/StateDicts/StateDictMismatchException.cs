namespace Px.Pruning.Models.StateDicts;

/// <summary>Thrown where tensors do not fit the module that they are meant for. The module is unchanged.</summary>
public sealed class StateDictMismatchException : Exception
{
    internal StateDictMismatchException(StateDictMismatch mismatch)
        : base($"The tensors do not fit the module; nothing was loaded.\n{mismatch}") => Mismatch = mismatch;

    /// <summary>The differences.</summary>
    public StateDictMismatch Mismatch { get; }
}

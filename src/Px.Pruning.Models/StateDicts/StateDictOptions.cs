namespace Px.Pruning.Models.StateDicts;

/// <summary>How strictly a state dict must match the module. By default names and shapes must agree.</summary>
public sealed record StateDictOptions
{
    /// <summary>Whether tensors of the module that the state dict lacks stay as they are, instead of being an error. False by default.
    /// Norm layers' step counters may always be missing.</summary>
    public bool AllowMissing { get; init; }

    /// <summary>Whether tensors that the module has no name for are ignored, instead of being an error. False by default.</summary>
    public bool AllowUnexpected { get; init; }

    /// <summary>Whether tensors of the module stay as they are where the state dict's have another shape, such as a classifier for other
    /// classes, or give one tied tensor different values. False by default: that is an error.</summary>
    public bool AllowConflicting { get; init; }

    internal bool Allow(StateDictMismatch mismatch) =>
        (AllowMissing || mismatch.Missing.Count == 0)
        && (AllowUnexpected || mismatch.Unexpected.Count == 0)
        && (AllowConflicting || mismatch.Conflicting.Count == 0);
}

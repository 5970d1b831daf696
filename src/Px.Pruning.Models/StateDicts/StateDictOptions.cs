namespace Px.Pruning.Models.StateDicts;

/// <summary>What <see cref="StateDictExtensions.LoadStateDict"/> puts up with. By default nothing: names and shapes must agree.</summary>
public sealed record StateDictOptions
{
    /// <summary>Leaves as it is whatever the tensors lack, instead of refusing. False by default. Norm layers' step counters may always be
    /// missing.</summary>
    public bool AllowMissing { get; init; }

    /// <summary>Passes over tensors that the module has no name for, instead of refusing. False by default.</summary>
    public bool AllowUnexpected { get; init; }

    /// <summary>Leaves as it is whatever has another shape, such as a classifier for other classes, instead of refusing. False by
    /// default.</summary>
    public bool AllowConflicting { get; init; }

    internal bool Allow(StateDictMismatch mismatch) =>
        (AllowMissing || mismatch.Missing.Count == 0)
        && (AllowUnexpected || mismatch.Unexpected.Count == 0)
        && (AllowConflicting || mismatch.Conflicting.Count == 0);
}

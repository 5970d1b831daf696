using Px.Pruning.Masking;

namespace Px.Pruning;

/// <summary>What pruning left behind: the mask, its binding to the model, and a report. Owns the mask and the binding.</summary>
/// <remarks>
/// While the result lives, pruned weights stay zero through training. Disposing it removes the binding, which leaves a plain model
/// whose pruned weights are zero, and disposes the mask. A result that is never disposed keeps the mask bound.
/// </remarks>
public sealed class PruningResult : IDisposable
{
    internal PruningResult(PruningMask mask, MaskBinding binding, PruningReport report, TimeSpan elapsed) =>
        (Mask, Binding, Report, Elapsed) = (mask, binding, report, elapsed);

    /// <summary>Which weights were kept. Borrowed: lives as long as this result.</summary>
    public PruningMask Mask { get; }

    /// <summary>What holds the pruned weights at zero.</summary>
    public MaskBinding Binding { get; }

    /// <summary>Plain numbers a layer; stays usable after disposal.</summary>
    public PruningReport Report { get; }

    /// <summary>How long scoring and ranking took.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Unbinds the mask from the model and disposes it.</summary>
    public void Dispose()
    {
        Binding.Dispose();
        Mask.Dispose();
    }
}

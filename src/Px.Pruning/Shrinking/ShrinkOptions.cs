using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

/// <summary>How to shrink a network and how to prove it.</summary>
public sealed record ShrinkOptions
{
    private readonly double tolerance = 1e-6;
    private readonly int latencyRuns = 5;
    private readonly int latencyBatchSize = 1;

    /// <summary>
    /// Which layers may lose channels, by the name of their weight: one that is left out keeps its inputs and outputs. Default
    /// <see cref="ParameterSelection.Default"/>: all.
    /// </summary>
    public ParameterSelection Layers { get; init; } = ParameterSelection.Default;

    /// <summary>
    /// What holds pruned weights of the model at zero. Its mask is made to fit the small network; where the model itself is shrunk, the
    /// binding is removed with success, and holds on as before with failure. Default <see langword="null"/>: nothing is bound.
    /// </summary>
    public MaskBinding? Binding { get; init; }

    /// <summary>
    /// The mask that <see cref="ShrinkResult.Mask"/> is made of. Default <see langword="null"/>: that of <see cref="Binding"/>, and where
    /// there is none, a mask that keeps the weights that are not zero.
    /// </summary>
    public PruningMask? Mask { get; init; }

    /// <summary>
    /// Inputs [B, …] that the proof compares outputs on beside its own random ones; on any device, never changed. Default
    /// <see langword="null"/>.
    /// </summary>
    public Tensor? Samples { get; init; }

    /// <summary>How much the outputs may differ: max |y − y′| / max |y|, computed in float64, above 0. Default 1e-6.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double Tolerance
    {
        get => tolerance;
        init => tolerance = value > 0 ? value
            : throw new ArgumentOutOfRangeException(nameof(Tolerance), value, "The tolerance must be above 0.");
    }

    /// <summary>Timed forward passes of the network before and after, in turn, at least 0. Default 5; 0 measures nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 0.</exception>
    public int LatencyRuns
    {
        get => latencyRuns;
        init => latencyRuns = Require.AtLeast(0, value);
    }

    /// <summary>Samples in a timed batch, at least 1. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int LatencyBatchSize
    {
        get => latencyBatchSize;
        init => latencyBatchSize = Require.AtLeast(1, value);
    }

    /// <summary>Makes the random inputs repeatable; global generators are left as they were found. Default 0.</summary>
    public long Seed { get; init; }
}

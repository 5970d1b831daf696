using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

/// <summary>How <see cref="Shrinker"/> removes channels, compares outputs and measures latency.</summary>
public sealed record ShrinkOptions
{
    private readonly double tolerance = 1e-6;
    private readonly int latencyRuns = 5;
    private readonly int latencyBatchSize = 1;

    /// <summary>Which layers may lose channels, by the name of their weight; the others keep their inputs and outputs. Default
    /// <see cref="ParameterSelection.Default"/>: all. Parameters that <see cref="ParameterSelection.Including(string)"/> adds are left as
    /// they are.</summary>
    public ParameterSelection Layers { get; init; } = ParameterSelection.Default;

    /// <summary>
    /// Whether layers that run neither in evaluation nor in training mode are taken to be unused. Default <see langword="false"/>: what
    /// they are connected to is not known (they may wait for a flag, or be called by another method than <c>forward</c>), so that while
    /// the model has any, no channel is removed.
    /// </summary>
    public bool IgnoresUncalledLayers { get; init; }

    /// <summary>
    /// The binding that holds pruned weights of the model at zero, whose mask is fitted to the small network. Where the model itself is
    /// shrunk, success removes the binding; after a failure it holds as before. Default <see langword="null"/>: nothing is bound.
    /// </summary>
    public MaskBinding? Binding { get; init; }

    /// <summary>The mask from which <see cref="ShrinkResult.Mask"/> is computed. Default <see langword="null"/>: that of
    /// <see cref="Binding"/>, or without a binding, a mask that keeps the weights that are not zero.</summary>
    public PruningMask? Mask { get; init; }

    /// <summary>Inputs [B, …] on which outputs are compared in addition to random ones; on any device, never changed. Default
    /// <see langword="null"/>: random ones only.</summary>
    public Tensor? Samples { get; init; }

    /// <summary>The largest difference of the outputs, max |y − y′| / max |y| in float64: above 0. Default 1e-6.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double Tolerance
    {
        get => tolerance;
        init => tolerance = value > 0 ? value
            : throw new ArgumentOutOfRangeException(nameof(Tolerance), value, "The tolerance must be above 0.");
    }

    /// <summary>How often a forward pass is timed before and after, in turn, at least 0. Default 5; 0 measures nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 0.</exception>
    public int LatencyRuns { get => latencyRuns; init => latencyRuns = Require.AtLeast(0, value); }

    /// <summary>Samples in a timed batch, at least 1. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int LatencyBatchSize { get => latencyBatchSize; init => latencyBatchSize = Require.AtLeast(1, value); }

    /// <summary>
    /// The seed of the random inputs. TorchSharp's global generator is seeded with it and put back afterwards: what other threads draw from
    /// it meanwhile comes again. Default 0.
    /// </summary>
    public long Seed { get; init; }
}

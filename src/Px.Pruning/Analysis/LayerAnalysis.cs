namespace Px.Pruning.Analysis;

/// <summary>What a mask leaves of one layer, in plain numbers: dense (without the mask), kept, and effective (kept and on a path from input to output).</summary>
/// <remarks>Effective numbers are <see langword="null"/> where <see cref="NetworkAnalysis.PathsUnknown"/> says why.</remarks>
public sealed record LayerAnalysis
{
    /// <summary>The name of the weight, for example <c>layer1.0.conv1.weight</c>; of one that layers share the first.</summary>
    public required string Name { get; init; }

    /// <summary>The layer's type, for example <c>Conv2d</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Weights in all.</summary>
    public required long Total { get; init; }

    /// <summary>Weights kept, in [0, <see cref="Total"/>]; all of a layer without a mask.</summary>
    public required long Kept { get; init; }

    /// <summary>Kept weights on a path, in [0, <see cref="Kept"/>]. A weight that acts at many positions is on one if it is at any.</summary>
    public long? Effective { get; init; }

    /// <summary>Output units in all: channels, or neurons of a linear layer.</summary>
    public required long Units { get; init; }

    /// <summary>Output units with a kept weight, in [0, <see cref="Units"/>].</summary>
    public required long UnitsAlive { get; init; }

    /// <summary>Output units with an effective weight, in [0, <see cref="UnitsAlive"/>].</summary>
    public long? UnitsEffective { get; init; }

    /// <summary>Input units in all.</summary>
    public required long Inputs { get; init; }

    /// <summary>Input units with a kept weight, in [0, <see cref="Inputs"/>].</summary>
    public required long InputsAlive { get; init; }

    /// <summary>Input units with an effective weight, in [0, <see cref="InputsAlive"/>].</summary>
    public long? InputsEffective { get; init; }

    /// <summary>
    /// Floating-point operations of the layer without the mask for one sample, <c>2 × weights × positions</c>, its bias not counted; 0 for a layer that the
    /// forward pass does not use, <see langword="null"/> where hooks do not see every layer.
    /// </summary>
    public long? DenseFlops { get; init; }

    /// <summary>The same for kept weights: what a kernel would do that skips every pruned weight.</summary>
    public long? Flops { get; init; }

    /// <summary>The same for effective weights.</summary>
    public long? EffectiveFlops { get; init; }

    /// <summary>The fraction of weights kept, in [0, 1]; 1 for a layer without weights.</summary>
    public double Density => Total == 0 ? 1 : (double)Kept / Total;

    /// <summary>The fraction of weights that are effective, in [0, <see cref="Density"/>]; 1 for a layer without weights.</summary>
    public double? EffectiveDensity => Total == 0 ? 1 : (double?)Effective / Total;
}

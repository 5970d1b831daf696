namespace Px.Pruning;

/// <summary>What pruning left of one layer, in plain numbers.</summary>
public sealed record LayerReport
{
    /// <summary>The name of the pruned parameter, for example <c>layer1.0.conv1.weight</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The layer's type, for example <c>Conv2d</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Weights kept, in [0, <see cref="Total"/>].</summary>
    public required long Kept { get; init; }

    /// <summary>Weights in all.</summary>
    public required long Total { get; init; }

    /// <summary>Output units (channels, or neurons of a linear layer) with at least one kept weight, in [0, <see cref="Units"/>].</summary>
    public required long UnitsAlive { get; init; }

    /// <summary>Output units in all.</summary>
    public required long Units { get; init; }

    /// <summary>
    /// Floating-point operations of the unpruned layer for one sample, a multiply-add counting as two, its bias not counted;
    /// <see langword="null"/> where no input was seen.
    /// </summary>
    public long? DenseFlops { get; init; }

    /// <summary>The same for the kept weights alone: what a kernel would do that skips every pruned weight.</summary>
    public long? Flops { get; init; }

    /// <summary>The fraction of weights kept, in [0, 1]; 1 for a layer without weights.</summary>
    public double Density => Total == 0 ? 1 : (double)Kept / Total;

    /// <summary>Whether the layer has weights and none is kept, so that nothing flows through it.</summary>
    public bool IsCollapsed => Kept == 0 && Total > 0;
}

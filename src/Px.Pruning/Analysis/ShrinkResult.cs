using Px.Pruning.Reporting;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Analysis;

/// <summary>What became of a network that was shrunk, and the proof. Owns the mask; the model is the caller's.</summary>
/// <remarks>
/// FLOPs are those of one sample, a multiply-add counting as two: <c>2 × weights × positions</c> in convolutions and linear layers, remaining
/// zeros included, since libtorch multiplies by them like by any number.
/// </remarks>
public sealed class ShrinkResult : IDisposable
{
    internal ShrinkResult() { }

    /// <summary>The small network: the model that was given, or the one that the factory made, which the caller disposes.</summary>
    public required Module<Tensor, Tensor> Model { get; init; }

    /// <summary>
    /// The mask of the weights that are left, for the small network: <c>Mask.Bind(Model)</c> holds their zeros while it is trained.
    /// Borrowed: lives as long as this result.
    /// </summary>
    public required PruningMask Mask { get; init; }

    /// <summary>Parameters before, of all kinds; one that two layers share counts once.</summary>
    public required long ParametersBefore { get; init; }

    /// <summary>Parameters after, in [1, <see cref="ParametersBefore"/>].</summary>
    public required long Parameters { get; init; }

    /// <summary>FLOPs of one sample before.</summary>
    public required long FlopsBefore { get; init; }

    /// <summary>FLOPs of one sample after, in [0, <see cref="FlopsBefore"/>].</summary>
    public required long Flops { get; init; }

    /// <summary>Every convolution, linear and norm layer (and PReLU of several slopes) that was called, in the order of the first calls.</summary>
    public required IReadOnlyList<ShrunkLayer> Layers { get; init; }

    /// <summary>Channels that carry nothing to the output and stay nevertheless, by layer and reason.</summary>
    public required IReadOnlyList<UnremovedChannels> Unremoved { get; init; }

    /// <summary>max |y − y′| / max |y| of the outputs in float64, at most <see cref="ShrinkOptions.Tolerance"/>.</summary>
    public required double Difference { get; init; }

    /// <summary>
    /// The same in the model's own type, by the modules as they are now. Sums of fewer numbers round differently: at most √ε of that type
    /// (3.5e-4 for float32), or the tolerance where that is more.
    /// </summary>
    public required double OwnDifference { get; init; }

    /// <summary>Forward passes timed before and after; <see langword="null"/> where <see cref="ShrinkOptions.LatencyRuns"/> is 0.</summary>
    public required ShrinkLatency? Latency { get; init; }

    /// <summary>A table to read: layers that lost channels, totals, proof, latency, and what stays and why. Invariant culture, lines end in <c>\n</c>.</summary>
    public override string ToString() => ShrinkTable.Write(this);

    /// <summary>Disposes the mask. Numbers stay readable.</summary>
    public void Dispose() => Mask.Dispose();
}

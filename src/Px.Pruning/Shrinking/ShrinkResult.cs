using System.Globalization;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Shrinking;

/// <summary>What became of a network that was shrunk, and the proof. Owns the mask; the model is the caller's.</summary>
/// <remarks>
/// FLOPs are those of one sample, a multiply-add counting as two: <c>2 × weights × positions</c> in convolutions and linear layers,
/// remaining zeros included, since libtorch multiplies by them like by any number.
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

    /// <summary>Every convolution, linear and norm layer (and PReLU of several slopes) that was called, in the order of the first
    /// calls.</summary>
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

    /// <summary>
    /// Whether the network is dead: no path of weights other than zero leads from its input to its output, so that it answers the same to
    /// every input. Where paths cannot be followed, whether it answered the same to random inputs.
    /// </summary>
    public bool IsConstant { get; init; }

    /// <summary>A table to read: layers that lost channels, totals, proof, latency, and what stays and why. Invariant culture, lines end in
    /// <c>\n</c>.</summary>
    public override string ToString() => ShrinkTable.Write(this);

    /// <summary>Disposes the mask. Numbers stay readable.</summary>
    public void Dispose() => Mask.Dispose();
}

/// <summary>The channels of a layer before and after. For a linear layer they are its features.</summary>
public sealed record ShrunkLayer
{
    /// <summary>The layer's path in the model (<c>layer1.0.conv1</c>).</summary>
    public required string Name { get; init; }

    /// <summary>The layer's type, for example <c>Conv2d</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Channels that it received.</summary>
    public required int InputsBefore { get; init; }

    /// <summary>Channels that it receives, in [1, <see cref="InputsBefore"/>].</summary>
    public required int Inputs { get; init; }

    /// <summary>Channels that it returned.</summary>
    public required int OutputsBefore { get; init; }

    /// <summary>Channels that it returns, in [1, <see cref="OutputsBefore"/>].</summary>
    public required int Outputs { get; init; }
}

/// <summary>Channels of a layer that carry nothing to the network's output and stay nevertheless.</summary>
public sealed record UnremovedChannels
{
    /// <summary>The layer's path in the model (<c>layer1.0.conv1</c>).</summary>
    public required string Layer { get; init; }

    /// <summary>How many, at least 1.</summary>
    public required int Channels { get; init; }

    /// <summary>Why they stay.</summary>
    public required string Reason { get; init; }
}

/// <summary>How long a forward pass took before and after channels were removed, on the same device, in turn.</summary>
public sealed record ShrinkLatency
{
    /// <summary>The median before.</summary>
    public required TimeSpan Before { get; init; }

    /// <summary>The median after.</summary>
    public required TimeSpan After { get; init; }

    /// <summary>Samples in a batch, at least 1.</summary>
    public required long BatchSize { get; init; }

    /// <summary>Timed passes of each of the two, at least 1.</summary>
    public required int Runs { get; init; }

    /// <summary>How many times faster: <c>Before / After</c>. A network from which nothing could be removed has about 1.</summary>
    public double Speedup => Before / After;

    /// <summary>One line, in the invariant culture.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Before.TotalMilliseconds:0.00} ms before, {After.TotalMilliseconds:0.00} ms after ({Speedup:0.00}x; batch of {BatchSize}, "
        + $"median of {Runs} alternating runs)");
}

using System.Globalization;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Shrinking;

/// <summary>The network without its dead channels, with its mask, sizes before and after, and the difference of outputs. Disposing it
/// disposes the mask; the model is the caller's.</summary>
/// <remarks>
/// FLOPs are those of one sample, a multiply-add counting as two: <c>2 × weights × positions</c> in convolutions and linear layers,
/// remaining zeros included, since libtorch multiplies by them like by any number.
/// </remarks>
public sealed class ShrinkResult : IDisposable
{
    internal ShrinkResult() { }

    /// <summary>The small network: the given model, or the one that the factory made, which the caller disposes.</summary>
    /// <exception cref="InvalidOperationException">It is no such module: take <see cref="Module"/>.</exception>
    public Module<Tensor, Tensor> Model => Module as Module<Tensor, Tensor>
        ?? throw new InvalidOperationException($"{Module.GetType().Name} is no Module<Tensor, Tensor>: take ShrinkResult.Module.");

    /// <summary>The same as a module of any kind.</summary>
    public required Module Module { get; init; }

    /// <summary>The mask of the small network, as <c>Mask.Bind(Model)</c> holds its zeros during training. Borrowed: it lives as long as
    /// this result.</summary>
    public required PruningMask Mask { get; init; }

    /// <summary>Parameters before, of all kinds; one that two layers share counts once.</summary>
    public required long ParametersBefore { get; init; }

    /// <summary>Parameters after, in [1, <see cref="ParametersBefore"/>].</summary>
    public required long Parameters { get; init; }

    /// <summary>FLOPs of one sample before.</summary>
    public required long FlopsBefore { get; init; }

    /// <summary>FLOPs of one sample after, in [0, <see cref="FlopsBefore"/>].</summary>
    public required long Flops { get; init; }

    /// <summary>Every convolution, linear and norm layer (and PReLU with several slopes) that was called, in order of the first
    /// call.</summary>
    public required IReadOnlyList<ShrunkLayer> Layers { get; init; }

    /// <summary>Channels that carry nothing to the output but could not be removed, by layer and reason.</summary>
    public required IReadOnlyList<UnremovedChannels> Unremoved { get; init; }

    /// <summary>max |y − y′| / max |y| of the outputs in float64, at most <see cref="ShrinkOptions.Tolerance"/>.</summary>
    public required double Difference { get; init; }

    /// <summary>The same difference in the model's own type, where shorter sums round differently: at most √ε of that type (3.5e-4 for
    /// float32; 0.03 on a GPU, where convolutions use TF32), or the tolerance if that is more.</summary>
    public required double OwnDifference { get; init; }

    /// <summary>Forward passes timed before and after; <see langword="null"/> where <see cref="ShrinkOptions.LatencyRuns"/> is 0.</summary>
    public required ShrinkLatency? Latency { get; init; }

    /// <summary>
    /// Whether the network is dead: no path of weights other than zero leads from its input to its output, so that it answers the same to
    /// every input. Where paths cannot be followed, whether it answered the same to random inputs.
    /// </summary>
    public bool IsConstant { get; init; }

    /// <summary>Returns a readable table: totals, differences, latency, layers that lost channels, and channels that stay with the reason.
    /// Invariant culture, lines end in <c>\n</c>.</summary>
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

/// <summary>Channels of a layer that carry nothing to the network's output but could not be removed.</summary>
public sealed record UnremovedChannels
{
    /// <summary>The layer's path in the model (<c>layer1.0.conv1</c>).</summary>
    public required string Layer { get; init; }

    /// <summary>The number of channels, at least 1.</summary>
    public required int Channels { get; init; }

    /// <summary>Why they were not removed.</summary>
    public required string Reason { get; init; }
}

/// <summary>The time of a forward pass before and after channels were removed, measured in turn on the same device.</summary>
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

    /// <summary>How many times faster the small network is: <c>Before / After</c>, about 1 where nothing could be removed.</summary>
    public double Speedup => Before / After;

    /// <summary>One line, in the invariant culture.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Before.TotalMilliseconds:0.00} ms before, {After.TotalMilliseconds:0.00} ms after ({Speedup:0.00}x; batch of {BatchSize}, "
        + $"median of {Runs} alternating runs)");
}

using System.Globalization;

namespace Px.Pruning.Analysis;

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
        $"{Before.TotalMilliseconds:0.00} ms before, {After.TotalMilliseconds:0.00} ms after ({Speedup:0.00}x; batch of {BatchSize}, median of {Runs} alternating runs)");
}

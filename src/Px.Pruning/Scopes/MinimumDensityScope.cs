using System.Globalization;
using Px.Pruning.Masking;
using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>Another scope, of which every layer keeps at least a part.</summary>
internal sealed class MinimumDensityScope(PruningScope inner, double minimum) : PruningScope
{
    internal override void Check(IEnumerable<(string Name, long Weights)> parameters, KeepCount keep)
    {
        var layers = parameters.ToList();
        inner.Check(layers, keep);
        long total = layers.Sum(layer => layer.Weights), kept = keep.Of(total);
        long needed = layers.Sum(layer => Floor(layer.Weights, layer.Weights));
        if (needed <= kept) return;
        throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
            $"A minimum density of {minimum} keeps {needed:N0} weights in {layers.Count} layers (at least one in each), but at sparsity "
            + $"{1 - keep.Density:0.######} only {kept:N0} of {total:N0} remain. "
            + $"Prune at most to sparsity {Math.Floor(1e6 * (total - needed) / total) / 1e6:0.######}, or lower the minimum density."));
    }

    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors) =>
        inner.Select(parameters, keep,
            [.. parameters.Select((p, i) => Math.Max(floors[i], Floor(p.Scores.numel(), MaskTensors.CountTrue(p.Alive))))]);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{inner}, minimum density {minimum}");

    // A floor is what a layer keeps at least, and rounded whatever the counting.
    private long Floor(long weights, long alive) => Math.Min(Math.Max(1, new KeepCount(minimum).Of(weights)), alive);
}

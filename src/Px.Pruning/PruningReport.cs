using Px.Pruning.Engine;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Reporting;

namespace Px.Pruning;

/// <summary>What pruning left of a network, layer by layer: plain numbers, no tensors.</summary>
/// <remarks>
/// FLOPs are those of one sample, a multiply-add counting as two: <c>2 × weights × positions</c>, where positions are the places of the
/// output (of the input for transposed convolutions) at which each weight is used. Biases, normalisation and activations are not counted.
/// </remarks>
public sealed class PruningReport
{
    private PruningReport(string method, IReadOnlyList<LayerReport> layers, long otherFlops, Connectivity? connectivity)
    {
        (Method, Layers, OtherFlops) = (method, layers, otherFlops);
        (OutputsReached, Outputs) = (connectivity?.Reached, connectivity?.Outputs);
        foreach (var layer in layers)
        {
            Kept += layer.Kept;
            Total += layer.Total;
            UnitsAlive += layer.UnitsAlive;
            Units += layer.Units;
        }
        CollapsedLayers = [.. layers.Where(layer => layer.IsCollapsed).Select(layer => layer.Name)];
        // A sum with an unknown part is unknown.
        if (layers.Any(layer => layer.DenseFlops is null || layer.Flops is null)) return;
        DenseFlops = otherFlops + layers.Sum(layer => layer.DenseFlops);
        Flops = otherFlops + layers.Sum(layer => layer.Flops);
    }

    /// <summary><see cref="IPruner.Name"/> of the method.</summary>
    public string Method { get; }

    /// <summary>The prunable layers in the model's order.</summary>
    public IReadOnlyList<LayerReport> Layers { get; }

    /// <summary>Weights kept, in [0, <see cref="Total"/>].</summary>
    public long Kept { get; }

    /// <summary>Prunable weights in all.</summary>
    public long Total { get; }

    /// <summary>The fraction of prunable weights kept, in [0, 1].</summary>
    public double Density => Total == 0 ? 1 : (double)Kept / Total;

    /// <summary>The fraction of prunable weights removed, in [0, 1]: <c>1 − Density</c>.</summary>
    public double Sparsity => 1 - Density;

    /// <summary><c>Total / Kept</c>, at least 1; <see cref="double.PositiveInfinity"/> where nothing is kept.</summary>
    public double CompressionRatio => Total == 0 ? 1 : (double)Total / Kept;

    /// <summary>Output units with at least one kept weight, over all layers.</summary>
    public long UnitsAlive { get; }

    /// <summary>Output units of all layers.</summary>
    public long Units { get; }

    /// <summary>FLOPs of layers that were left out of pruning; part of both totals.</summary>
    public long OtherFlops { get; }

    /// <summary>FLOPs of the unpruned network for one sample; <see langword="null"/> where no input was seen.</summary>
    public long? DenseFlops { get; }

    /// <summary>FLOPs of the pruned network for one sample, were every pruned weight skipped; <see langword="null"/> where no input was
    /// seen.</summary>
    public long? Flops { get; }

    /// <summary>The names of layers of which no weight is kept; empty in a sound network.</summary>
    public IReadOnlyList<string> CollapsedLayers { get; }

    /// <summary>Whether a path of kept weights still leads from the input to any output unit; <see langword="null"/> where that is not
    /// known.</summary>
    /// <remarks>
    /// Known where <c>Prune</c> saw data or was given <see cref="PruningData.Shape"/>, all layers are called through <c>call</c>, and the
    /// forward adds paths only: a sigmoid, a softmax or a product of two activations inside it does not. A path counts whatever its
    /// weights' values and signs; biases and shifts of normalisation layers start none. Layers may be empty although this is
    /// <see langword="true"/>: residual branches beside a shortcut are.
    /// </remarks>
    public bool? IsConnected => OutputsReached is { } reached ? reached > 0 : null;

    /// <summary>
    /// Output units, of the second dimension of [1, K, …], that a path of kept weights reaches, in [0, <see cref="Outputs"/>];
    /// <see langword="null"/> where <see cref="IsConnected"/> is. The others answer the same to every input.
    /// </summary>
    public long? OutputsReached { get; }

    /// <summary>The number of output units K; <see langword="null"/> where <see cref="IsConnected"/> is.</summary>
    public long? Outputs { get; }

    /// <summary>Parameters of the whole model, trainable or not, of all kinds; one that modules share counts once.</summary>
    public long Parameters => Facts.Parameters ?? Total;

    /// <summary><see cref="Parameters"/> without pruned weights.</summary>
    public long ParametersKept => Parameters - Total + Kept;

    /// <summary>
    /// Parameters of two or more dimensions that no pruner ranks, since they are not the weight of a convolution or linear layer: those of
    /// attention, recurrent, embedding and bilinear modules and of the model's own. All of their numbers are kept; units and FLOPs are not
    /// counted. Empty where there are none.
    /// </summary>
    public IReadOnlyList<LayerReport> Untouched => Facts.Untouched;

    /// <summary>
    /// Layers of which hooks do not see every use, since they are reached by <c>forward</c> or their weight is used elsewhere too: FLOPs
    /// and connections are then unknown, and <see cref="MaskBinding"/> needs <c>Apply(optimizer)</c> after each step. Empty where hooks see
    /// all, or where neither data nor a shape was given to find out.
    /// </summary>
    public IReadOnlyList<string> UnseenLayers => Facts.Unseen;

    /// <summary>
    /// Kept weights that the last round scored 0 while it removed others of that score, so that their size alone decided; 0 in a sound
    /// ranking.
    /// </summary>
    public long KeptWithoutScore => Facts.KeptWithoutScore;

    internal ReportFacts Facts { get; private init; } = ReportFacts.None;

    /// <summary>A table to read: a line a layer, the totals, the collapsed layers by name, and whether input and output are connected.
    /// Invariant culture, lines end in <c>\n</c>.</summary>
    public override string ToString() => ReportTable.Write(this);

    /// <summary>
    /// A table for other programs: a header and a line a layer, with commas, in the invariant culture; unknown FLOPs are empty;
    /// lines end in <c>\n</c>.
    /// </summary>
    public string ToCsv() => ReportCsv.Write(this);

    internal static PruningReport Create(
        string method, IReadOnlyList<LayerInfo> layers, PruningMask mask, long otherFlops = 0, Connectivity? connectivity = null,
        ReportFacts? facts = null) =>
        new(method, [.. layers.Select(layer => Measure(layer, mask))], otherFlops, connectivity) { Facts = facts ?? ReportFacts.None };

    internal static PruningReport Create(string method, IReadOnlyList<LayerInfo> layers, PruningMask mask, IEnumerable<LayerInfo> others,
        Connectivity? connectivity = null, ReportFacts? facts = null) =>
        Create(method, layers, mask, others.Sum(layer => 2 * layer.Weights * (layer.Positions ?? 0)), connectivity, facts);

    internal static PruningReport Create(
        string method, Network network, PruningMask mask, Connectivity? connectivity = null, ReportFacts? facts = null) =>
        Create(method, network.Describe(ranked: true), mask, network.Describe(ranked: false), connectivity, facts);

    private static LayerReport Measure(LayerInfo layer, PruningMask mask)
    {
        long kept = mask.KeptIn(layer.Name), total = mask.TotalIn(layer.Name);
        return new()
        {
            Name = layer.Name,
            Type = layer.Type,
            Kept = kept,
            Total = total,
            UnitsAlive = layer.OutputsIn(mask[layer.Name]),
            Units = layer.Outputs,
            DenseFlops = 2 * total * layer.Positions,
            Flops = 2 * kept * layer.Positions,
        };
    }
}

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

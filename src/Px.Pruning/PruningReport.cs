using Px.Pruning.Engine;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Ranking;
using Px.Pruning.Reporting;

namespace Px.Pruning;

/// <summary>Sparsity, FLOPs and connectivity of a pruned network, layer by layer: plain numbers, no tensors.</summary>
/// <remarks>
/// FLOPs are those of one sample, a multiply-add counting as two: <c>2 × weights × positions</c>, where positions are those of the output
/// (of the input for transposed convolutions) at which each weight is used. Biases, normalisation and activations are not counted.
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
        // With the FLOPs of one layer unknown, so are the totals.
        if (layers.Any(layer => layer.DenseFlops is null || layer.Flops is null)) return;
        DenseFlops = otherFlops + layers.Sum(layer => layer.DenseFlops);
        Flops = otherFlops + layers.Sum(layer => layer.Flops);
    }

    /// <summary><see cref="IPruner.Name"/> of the method.</summary>
    public string Method { get; }

    /// <summary>The pruned layers in the model's order.</summary>
    public IReadOnlyList<LayerReport> Layers { get; }

    /// <summary>The number of weights kept, in [0, <see cref="Total"/>].</summary>
    public long Kept { get; }

    /// <summary>The number of prunable weights.</summary>
    public long Total { get; }

    /// <summary>The fraction of prunable weights kept, in [0, 1].</summary>
    public double Density => Total == 0 ? 1 : (double)Kept / Total;

    /// <summary>The fraction of prunable weights removed, in [0, 1]: <c>1 − Density</c>.</summary>
    public double Sparsity => 1 - Density;

    /// <summary>The compression ratio <c>Total / Kept</c>, at least 1; <see cref="double.PositiveInfinity"/> if none is kept.</summary>
    public double CompressionRatio => Total == 0 ? 1 : (double)Total / Kept;

    /// <summary>The number of output units with at least one kept weight, over all layers.</summary>
    public long UnitsAlive { get; }

    /// <summary>The number of output units, over all layers.</summary>
    public long Units { get; }

    /// <summary>FLOPs of layers that are excluded from pruning; part of both totals.</summary>
    public long OtherFlops { get; }

    /// <summary>
    /// FLOPs of the unpruned network for one sample; <see langword="null"/> if the input's shape is unknown, or where a parameter is pruned
    /// that is not the weight of a convolution or linear layer.
    /// </summary>
    public long? DenseFlops { get; }

    /// <summary>FLOPs of the kept weights alone for one sample; <see langword="null"/> where <see cref="DenseFlops"/> is.</summary>
    public long? Flops { get; }

    /// <summary>The names of collapsed layers, which have no kept weight.</summary>
    public IReadOnlyList<string> CollapsedLayers { get; }

    /// <summary>Whether a path of kept weights leads from the input to any output unit; <see langword="null"/> if unknown.</summary>
    /// <remarks>
    /// Known if <c>Prune</c> got data or <see cref="PruningData.Shape"/>, all layers are called through <c>call</c>, and the forward only
    /// adds paths, which modules that are gates may multiply: no sigmoid or softmax as a function, no product of two paths. A path counts
    /// whatever its weights' values and signs; biases and shifts of normalisation layers start none, though a gate may still multiply them
    /// by what it sees of the input. May be <see langword="true"/> although layers are empty, such as residual branches beside a shortcut.
    /// </remarks>
    public bool? IsConnected => OutputsReached is { } reached ? reached > 0 : null;

    /// <summary>
    /// The number of output units (second dimension of [1, K, …]) that a path of kept weights reaches, in [0, <see cref="Outputs"/>];
    /// <see langword="null"/> where <see cref="IsConnected"/> is. The others give the same output for every input, except for gates that
    /// multiply constants.
    /// </summary>
    public long? OutputsReached { get; }

    /// <summary>The number of output units K; <see langword="null"/> where <see cref="IsConnected"/> is.</summary>
    public long? Outputs { get; }

    /// <summary>Parameters of the whole model, trainable or not, of all kinds; one that modules share counts once.</summary>
    public long Parameters => Facts.Parameters ?? Total;

    /// <summary><see cref="Parameters"/> without pruned weights.</summary>
    public long ParametersKept => Parameters - Total + Kept;

    /// <summary>
    /// Parameters of two or more dimensions that are not ranked, since they are not the weight of a convolution or linear layer: those of
    /// attention, recurrent, embedding and bilinear modules and of the model's own, unless
    /// <see cref="ParameterSelection.Including(string)"/> adds them. All of their numbers are kept; units and FLOPs are not counted. Empty
    /// where there are none.
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

    /// <summary>
    /// Weights that a method of paths does not rank, since they feed only gates that multiply paths (squeeze-excite, attention, gated
    /// linear units) and lie on no path themselves: whole layers, which are not in <see cref="Layers"/>, or the output units of a layer
    /// that do, whose weights count as kept there. Empty where there are none, and for other methods, which rank them.
    /// </summary>
    public IReadOnlyList<LayerReport> GateWeights => Facts.GateWeights;

    /// <summary>
    /// Weights that were selected but not ranked, since the network's output does not depend on them in evaluation mode, as an auxiliary
    /// head's; all are kept. <see cref="ParameterSelection.IncludingUnused"/> ranks them. Empty where there are none, or where neither data
    /// nor a shape was given to find out.
    /// </summary>
    public IReadOnlyList<LayerReport> UnusedLayers => Facts.Unused;

    internal ReportFacts Facts { get; private init; } = ReportFacts.None;

    /// <summary>Formats the report as a text table: a line per layer, totals, collapsed layers, and whether input and output are connected.
    /// Invariant culture, lines end in <c>\n</c>.</summary>
    public override string ToString() => ReportTable.Write(this);

    /// <summary>
    /// Formats the layers as comma-separated values with a header line, in the invariant culture; unknown FLOPs are empty; lines end in
    /// <c>\n</c>.
    /// </summary>
    public string ToCsv() => ReportCsv.Write(this);

    internal static PruningReport Create(
        string method, IReadOnlyList<LayerInfo> layers, PruningMask mask, long otherFlops = 0, Connectivity? connectivity = null,
        ReportFacts? facts = null) =>
        new(method, [.. layers.Select(layer => Measure(layer, mask))], otherFlops, connectivity) { Facts = facts ?? ReportFacts.None };

    internal static PruningReport Create(
        string method, IReadOnlyList<LayerInfo> layers, PruningMask mask, IEnumerable<LayerInfo> others,
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
            Pattern = layer.InputAxis is { } inputs && kept < total ? InputPattern.Find(mask[layer.Name], inputs) : null,
            DenseFlops = 2 * total * layer.Positions,
            Flops = 2 * kept * layer.Positions,
        };
    }
}

/// <summary>Sparsity and FLOPs of one pruned layer.</summary>
public sealed record LayerReport
{
    /// <summary>The name of the pruned parameter, for example <c>layer1.0.conv1.weight</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The type of the module that owns it, for example <c>Conv2d</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The number of weights kept, in [0, <see cref="Total"/>].</summary>
    public required long Kept { get; init; }

    /// <summary>The number of weights.</summary>
    public required long Total { get; init; }

    /// <summary>The number of output units (channels, neurons) with at least one kept weight, in [0, <see cref="Units"/>].</summary>
    public required long UnitsAlive { get; init; }

    /// <summary>The number of output units; 0 for a parameter that is not the weight of a convolution or linear layer.</summary>
    public required long Units { get; init; }

    /// <summary>
    /// The N:M pattern of the mask, for example <c>2:4</c> where exactly 2 of every 4 consecutive inputs of each output unit and kernel tap
    /// are kept, as <see cref="PruningScope.NOfM"/> does: read from the mask, that of the smallest groups up to 32 weights.
    /// <see langword="null"/> for none, and in layers of fewer than 16 groups, where it may be chance.
    /// </summary>
    public string? Pattern { get; init; }

    /// <summary>FLOPs of the unpruned layer for one sample, without bias; <see langword="null"/> if the input's shape is unknown.</summary>
    public long? DenseFlops { get; init; }

    /// <summary>FLOPs of the kept weights alone for one sample; <see langword="null"/> if the input's shape is unknown.</summary>
    public long? Flops { get; init; }

    /// <summary>The fraction of weights kept, in [0, 1]; 1 for a layer without weights.</summary>
    public double Density => Total == 0 ? 1 : (double)Kept / Total;

    /// <summary>Whether the layer has weights but none is kept.</summary>
    public bool IsCollapsed => Kept == 0 && Total > 0;
}

namespace Px.Pruning.Analysis;

/// <summary>Counts what a mask leaves of a network, layer by layer and in all: weights, units, parameters and FLOPs, dense, kept and
/// effective. Adds a diagnosis in words; holds no tensors.</summary>
/// <remarks>
/// <para>
/// A kept weight is <b>effective</b> if it lies on a path of kept weights from the input to the output, whatever the weights' values and
/// signs. Activations let a path pass, a maximum lets every element of its window pass, and a convolution's weight counts if it lies on a
/// path at any position; one that only meets padding does not. Biases and shifts of normalisation layers start no path: a weight at which
/// no path arrives may still pass on such a constant, while one from which no path leads on has no influence.
/// </para>
/// <para>
/// <b>FLOPs</b> are those of one sample, a multiply-add counting as two: <c>2 × weights × positions</c>, where positions are the places of
/// the output (of the input for transposed convolutions) at which each weight is used, including those that meet padding. Biases,
/// normalisation, activations and pooling are not counted. Fewer FLOPs do not mean less time, since libtorch multiplies by scattered zeros
/// as by any number.
/// </para>
/// <para><b>Parameters</b> are those of the whole model; biases and norm layers are never pruned, and count as kept and effective.</para>
/// <para>
/// <b>Cost:</b> a few forward and backward passes of one sample, and as many more as a window has elements where maxima are called as
/// functions.
/// </para>
/// <para><b>Law:</b> effective ≤ kept ≤ dense, in every number; pruning what is kept but not effective changes no effective number.</para>
/// <para><b>Source:</b> Vysogorets, Kempe, JMLR 2023, <see href="https://arxiv.org/abs/2107.02306"/>.</para>
/// </remarks>
/// <example><code>Console.WriteLine(NetworkAnalysis.Analyze(model, [3, 32, 32]));</code></example>
public sealed class NetworkAnalysis
{
    internal NetworkAnalysis(IReadOnlyList<LayerAnalysis> layers, long parameters, PathFacts paths)
    {
        (Layers, Parameters, PathsUnknown, Outputs, DeadOutputs) = (layers, parameters, paths.Unknown, paths.Outputs, paths.DeadOutputs);
        (Total, Kept, Effective) = (layers.Sum(layer => layer.Total), layers.Sum(layer => layer.Kept), Sum(layer => layer.Effective));
        (Units, UnitsAlive, UnitsEffective) =
            (layers.Sum(layer => layer.Units), layers.Sum(layer => layer.UnitsAlive), Sum(layer => layer.UnitsEffective));
        (DenseFlops, Flops, EffectiveFlops) =
            (Sum(layer => layer.DenseFlops), Sum(layer => layer.Flops), Sum(layer => layer.EffectiveFlops));
        Diagnosis = Diagnosis.Of(layers, paths);
    }

    /// <summary>Convolutions, transposed convolutions and linear layers, pruned or not, in the model's order.</summary>
    public IReadOnlyList<LayerAnalysis> Layers { get; }

    /// <summary>Weights of all layers.</summary>
    public long Total { get; }

    /// <summary>Weights kept, in [0, <see cref="Total"/>].</summary>
    public long Kept { get; }

    /// <summary>Kept weights on a path, in [0, <see cref="Kept"/>]; <see langword="null"/> if paths are unknown.</summary>
    public long? Effective { get; }

    /// <summary>The fraction of weights removed, in [0, 1].</summary>
    public double Sparsity => Total == 0 ? 0 : 1 - (double)Kept / Total;

    /// <summary>The fraction of weights that are removed or lie on no path, in [<see cref="Sparsity"/>, 1]; <see langword="null"/> where
    /// <see cref="Effective"/> is.</summary>
    public double? EffectiveSparsity => Total == 0 ? 0 : 1 - (double?)Effective / Total;

    /// <summary>Parameters of the model, trainable or not, with biases and norm layers; a tensor that layers share counts once.</summary>
    public long Parameters { get; }

    /// <summary><see cref="Parameters"/> without pruned weights.</summary>
    public long ParametersKept => Parameters - Total + Kept;

    /// <summary><see cref="Parameters"/> without weights that are pruned or lie on no path; <see langword="null"/> where
    /// <see cref="Effective"/> is.</summary>
    public long? ParametersEffective => Parameters - Total + Effective;

    /// <summary>Output units of all layers.</summary>
    public long Units { get; }

    /// <summary>Output units with a kept weight.</summary>
    public long UnitsAlive { get; }

    /// <summary>Output units with an effective weight; <see langword="null"/> where <see cref="Effective"/> is.</summary>
    public long? UnitsEffective { get; }

    /// <summary>FLOPs of the network without the mask; <see langword="null"/> where hooks do not see every layer.</summary>
    public long? DenseFlops { get; }

    /// <summary>FLOPs of kept weights; <see langword="null"/> where <see cref="DenseFlops"/> is.</summary>
    public long? Flops { get; }

    /// <summary>FLOPs of effective weights; <see langword="null"/> where <see cref="Effective"/> is.</summary>
    public long? EffectiveFlops { get; }

    /// <summary>The network's output units K, of [1, K, …]; <see langword="null"/> where <see cref="Effective"/> is.</summary>
    public long? Outputs { get; }

    /// <summary>The indices of outputs that no path reaches, ascending; they are the same for every input. <see langword="null"/> where
    /// <see cref="Effective"/> is.</summary>
    public IReadOnlyList<long>? DeadOutputs { get; }

    /// <summary>Whether a path leads from the input to any output; <see langword="null"/> where <see cref="Effective"/> is.</summary>
    public bool? IsConnected => DeadOutputs is { } dead ? dead.Count < Outputs : null;

    /// <summary>Why paths are unknown: a layer is called through <c>forward</c>, which runs no hooks, or the forward pass does not add
    /// paths (a sigmoid or softmax in it, products of activations, code that detaches). <see langword="null"/> if they are known.</summary>
    public string? PathsUnknown { get; }

    /// <summary>What is wrong with the network, and what to do about it.</summary>
    public Diagnosis Diagnosis { get; }

    /// <summary>Counts what a mask leaves of a network.</summary>
    /// <remarks>The model and the random state are left as they were found, bit for bit, even if the call throws or is cancelled. The mask
    /// need not be bound to the model.</remarks>
    /// <param name="model">The network, on any device, whose layers are called through <c>call</c>; weights that a mask prunes need not be
    /// zero.</param>
    /// <param name="sampleShape">The shape of one input without the batch dimension, for example [3, 32, 32]; each dimension at least
    /// 1.</param>
    /// <param name="mask">Which weights are kept; layers without a mask are kept whole. Default <see langword="null"/>: all are.</param>
    /// <param name="cancellationToken">Checked between layers.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> or <paramref name="sampleShape"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The shape is empty or has a size below 1, the model does not run on it or has no layer to count, or the mask has another shape or a
    /// name that is not the weight of one of its layers.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The mask was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static NetworkAnalysis Analyze(
        PruningModel model, long[] sampleShape, PruningMask? mask = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(sampleShape);
        return NetworkMeasurement.Take(model, PruningData.Shape(sampleShape), mask, cancellationToken);
    }

    /// <summary>Counts what a mask leaves of a network with any number of inputs.</summary>
    /// <param name="model">The network.</param>
    /// <param name="sample">The shapes of its inputs (<see cref="PruningData.Shapes"/>), or data, of which one batch is read.</param>
    /// <param name="mask">Which weights are kept. Default <see langword="null"/>: all are.</param>
    /// <param name="cancellationToken">Checked between layers.</param>
    /// <exception cref="ArgumentException">There is neither a shape nor data, or as in the other overload.</exception>
    /// <inheritdoc cref="Analyze(PruningModel, long[], PruningMask?, CancellationToken)" path="/exception"/>
    public static NetworkAnalysis Analyze(
        PruningModel model, PruningData sample, PruningMask? mask = null, CancellationToken cancellationToken = default)
    {
        Check(model, sample);
        return NetworkMeasurement.Take(model, sample, mask, cancellationToken);
    }

    /// <summary>Computes the mask without its dead weights: the kept weights that lie on a path from input to output.</summary>
    /// <remarks>
    /// Dead weights add at most constants to a unit: in a network without biases and shifts before its last layer, pruning them changes no
    /// output. The model is left as it was found, as by <see cref="Analyze(PruningModel, long[], PruningMask?, CancellationToken)"/>.
    /// </remarks>
    /// <inheritdoc cref="Analyze(PruningModel, long[], PruningMask?, CancellationToken)" path="/param"/>
    /// <returns>A mask over the weights of all <see cref="Layers"/>, without metadata; the caller disposes it.</returns>
    /// <exception cref="UnsupportedModelException">Paths cannot be followed: see <see cref="PathsUnknown"/>.</exception>
    /// <exception cref="ArgumentException">As for <see cref="Analyze(PruningModel, long[], PruningMask?, CancellationToken)"/>.</exception>
    /// <exception cref="ObjectDisposedException">The mask was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PruningMask EffectiveMask(
        PruningModel model, long[] sampleShape, PruningMask? mask = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(sampleShape);
        return NetworkMeasurement.EffectiveMask(model, PruningData.Shape(sampleShape), mask, cancellationToken);
    }

    /// <inheritdoc cref="EffectiveMask(PruningModel, long[], PruningMask?, CancellationToken)" path="/*[not(self::param)]"/>
    /// <inheritdoc cref="Analyze(PruningModel, PruningData, PruningMask?, CancellationToken)" path="/param"/>
    public static PruningMask EffectiveMask(
        PruningModel model, PruningData sample, PruningMask? mask = null, CancellationToken cancellationToken = default)
    {
        Check(model, sample);
        return NetworkMeasurement.EffectiveMask(model, sample, mask, cancellationToken);
    }

    /// <summary>Returns a readable table: a line a layer, the totals, what the numbers mean, and the diagnosis. Invariant culture, lines
    /// end in <c>\n</c>.</summary>
    public override string ToString() => AnalysisTable.Write(this);

    /// <summary>Returns a CSV table: a header and a line a layer, in the invariant culture; unknown numbers are empty, lines end in
    /// <c>\n</c>.</summary>
    public string ToCsv() => AnalysisTable.Csv(this);

    private static void Check(PruningModel model, PruningData sample)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(sample);
        if (sample.HasData || sample.SampleShapes is not null) return;
        throw new ArgumentException("The analysis needs the shape of each input: pass PruningData.Shapes, or data.", nameof(sample));
    }

    // A sum with an unknown part is unknown.
    private long? Sum(Func<LayerAnalysis, long?> number) => Layers.Aggregate((long?)0, (sum, layer) => sum + number(layer));
}

/// <summary>The numbers of one layer: dense (without the mask), kept, and effective (kept and on a path from input to output).</summary>
/// <remarks>Effective numbers are <see langword="null"/> if paths are unknown, see <see cref="NetworkAnalysis.PathsUnknown"/>.</remarks>
public sealed record LayerAnalysis
{
    /// <summary>The name of the weight, for example <c>layer1.0.conv1.weight</c>; the first of them if layers share it.</summary>
    public required string Name { get; init; }

    /// <summary>The layer's type, for example <c>Conv2d</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Weights in all.</summary>
    public required long Total { get; init; }

    /// <summary>Weights kept, in [0, <see cref="Total"/>]; all weights of a layer without a mask.</summary>
    public required long Kept { get; init; }

    /// <summary>Kept weights on a path, at any position, in [0, <see cref="Kept"/>].</summary>
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

    /// <summary>FLOPs of one sample without the mask, <c>2 × weights × positions</c>, not counting the bias; 0 for a layer that the forward
    /// pass does not use, <see langword="null"/> where hooks do not see every layer.</summary>
    public long? DenseFlops { get; init; }

    /// <summary>The same for kept weights, as in a kernel that skips every pruned weight.</summary>
    public long? Flops { get; init; }

    /// <summary>The same for effective weights.</summary>
    public long? EffectiveFlops { get; init; }

    /// <summary>The fraction of weights kept, in [0, 1]; 1 for a layer without weights.</summary>
    public double Density => Total == 0 ? 1 : (double)Kept / Total;

    /// <summary>The fraction of weights that are effective, in [0, <see cref="Density"/>]; 1 for a layer without weights.</summary>
    public double? EffectiveDensity => Total == 0 ? 1 : (double?)Effective / Total;
}

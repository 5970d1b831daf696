using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>The data that a method scores on: batches of inputs [B, …], one or several, and targets [B, …], or no data at all.</summary>
/// <remarks>
/// Holds no tensor. Every call of <see cref="IPruner.Prune"/> or <see cref="IPruner.Score"/> reads the sequence once, only as far as
/// <see cref="PruningOptions.Data"/> asks. Samples are copied to the model's device; floating-point inputs become the model's dtype,
/// integer targets int64, which losses expect of class indices. The caller's tensors and loader are never changed or disposed.
/// </remarks>
/// <example><code>
/// var images = PruningData.From(loader);              // for methods that look at data
/// var shape = PruningData.Shape(3, 224, 224);          // for methods that need a sample's shape alone
/// var pairs = PruningData.From(loader, batch => ([batch["left"], batch["right"]], batch["label"]));   // for a model of two inputs
/// </code></example>
public sealed class PruningData
{
    private readonly IEnumerable<(IReadOnlyList<Tensor> Inputs, Tensor Target)>? source;

    private PruningData(IEnumerable<(IReadOnlyList<Tensor> Inputs, Tensor Target)>? source, IReadOnlyList<long[]>? sampleShapes) =>
        (this.source, SampleShapes) = (source, sampleShapes);

    /// <summary>No data, for methods that need none.</summary>
    public static PruningData None { get; } = new(null, null);

    internal bool HasData => source is not null;

    // Whether the data is known to end.
    internal bool HasEnd { get; private init; }

    internal IReadOnlyList<long[]>? SampleShapes { get; }

    /// <summary>Only the shape of an input: some data-free methods need it, and reports need it for FLOPs.</summary>
    /// <param name="sample">The shape of one input without batch dimension, e.g. <c>3, 32, 32</c>; each dimension at least 1.</param>
    /// <exception cref="ArgumentException"><paramref name="sample"/> is empty or has a dimension below 1.</exception>
    public static PruningData Shape(params long[] sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        return Shapes(sample);
    }

    /// <summary>The same for a network of several floating-point inputs; for others pass a batch instead.</summary>
    /// <param name="sample">The shape of each input of one sample, in order and without batch dimension; each dimension at least 1.</param>
    /// <exception cref="ArgumentException"><paramref name="sample"/> or a shape is null or empty, or a dimension is below 1.</exception>
    public static PruningData Shapes(params long[][] sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        if (sample.Length == 0) throw new ArgumentException("A network has at least one input.", nameof(sample));
        foreach (long[] shape in sample)
        {
            ArgumentNullException.ThrowIfNull(shape, nameof(sample));
            if (shape.Length > 0 && shape.All(size => size >= 1)) continue;
            throw new ArgumentException(
                $"A sample's shape has at least one dimension, and none below 1; found {ShapeText.Of(shape)}.", nameof(sample));
        }

        return new(null, [.. sample.Select(shape => shape.ToArray())]);
    }

    /// <summary>Batches that are pairs of input and target.</summary>
    /// <param name="batches">Inputs [B, …] with targets [B, …]; read again for every call that scores.</param>
    /// <exception cref="ArgumentNullException"><paramref name="batches"/> is null.</exception>
    public static PruningData From(IEnumerable<(Tensor input, Tensor target)> batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        return new(batches.Select(batch => ((IReadOnlyList<Tensor>)[batch.input], batch.target)), null) { HasEnd = Ends(batches) };
    }

    /// <summary>Batches of any kind, whose inputs, one or several, and targets a function picks out.</summary>
    /// <typeparam name="TBatch">What the sequence has: dictionaries, records, arrays, …</typeparam>
    /// <param name="batches">Read again for every call that scores.</param>
    /// <param name="pick">Returns the inputs of a batch, each [B, …], in the order in which the model takes them, and its targets
    /// [B, …].</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static PruningData From<TBatch>(
        IEnumerable<TBatch> batches, Func<TBatch, (IReadOnlyList<Tensor> Inputs, Tensor Target)> pick)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(pick);
        return new(batches.Select(pick), null) { HasEnd = Ends(batches) };
    }

    /// <summary>The batches of a <c>torch.utils.data.DataLoader</c>, which are dictionaries.</summary>
    /// <param name="loader">Read again for every call that scores; not disposed.</param>
    /// <param name="inputKey">The key of the inputs. Default <c>data</c>, as in TorchSharp's own datasets.</param>
    /// <param name="targetKey">The key of the targets. Default <c>label</c>, as in TorchSharp's own datasets.</param>
    /// <exception cref="ArgumentException"><paramref name="loader"/> or a key is null, or a key is empty.</exception>
    public static PruningData From(IEnumerable<Dictionary<string, Tensor>> loader, string inputKey = "data", string targetKey = "label")
    {
        ArgumentNullException.ThrowIfNull(loader);
        ArgumentException.ThrowIfNullOrEmpty(inputKey);
        ArgumentException.ThrowIfNullOrEmpty(targetKey);
        return new(Pairs(loader, inputKey, targetKey), null) { HasEnd = Ends(loader) };
    }

    /// <summary>The batches of an <c>IterableDataLoader</c> or a <c>TensorDataset</c>: lists of two tensors, input and target.</summary>
    /// <param name="loader">Read again for every call that scores; not disposed.</param>
    /// <exception cref="ArgumentNullException"><paramref name="loader"/> is null.</exception>
    public static PruningData From(IEnumerable<IList<Tensor>> loader)
    {
        ArgumentNullException.ThrowIfNull(loader);
        return new(Pairs(loader), null) { HasEnd = Ends(loader) };
    }

    // Borrowed: each batch is valid until the enumerator moves on.
    internal IEnumerable<(IReadOnlyList<Tensor> Inputs, Tensor Target)> Read() => source ?? [];

    private static bool Ends<T>(IEnumerable<T> source) =>
        source is IReadOnlyCollection<T> || source.TryGetNonEnumeratedCount(out _) || IsDataLoader(source.GetType());

    private static bool IsDataLoader(Type? type) => type is not null
        && ((type.IsGenericType && type.GetGenericTypeDefinition() == typeof(DataLoader<,>)) || IsDataLoader(type.BaseType));

    private static IEnumerable<(IReadOnlyList<Tensor>, Tensor)> Pairs(
        IEnumerable<Dictionary<string, Tensor>> loader, string inputKey, string targetKey)
    {
        foreach (var batch in loader)
        {
            if (batch is null) throw new ArgumentException("The data has a batch that is null.", nameof(loader));
            if (!batch.TryGetValue(inputKey, out var input) || !batch.TryGetValue(targetKey, out var target))
            {
                throw new ArgumentException(
                    $"A batch has no '{(batch.ContainsKey(inputKey) ? targetKey : inputKey)}'; its keys are: "
                    + $"{string.Join(", ", batch.Keys.Select(key => $"'{key}'"))}. "
                    + "Name them with PruningData.From(loader, inputKey, targetKey).", nameof(loader));
            }

            yield return ([input], target);
        }
    }

    private static IEnumerable<(IReadOnlyList<Tensor>, Tensor)> Pairs(IEnumerable<IList<Tensor>> loader)
    {
        foreach (var batch in loader)
        {
            if (batch is not [var input, var target])
            {
                throw new ArgumentException(
                    $"A batch is a list of two tensors, inputs and targets; found {(batch is null ? "null" : $"{batch.Count} tensors")}. "
                    + "Choose two with PruningData.From(batches.Select(b => (input, target))).", nameof(loader));
            }

            yield return ([input], target);
        }
    }
}

// Shapes in messages: [128, 3, 32, 32].
internal static class ShapeText
{
    internal static string Of(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}

using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>A score for every prunable weight; the largest are kept. Owns its tensors.</summary>
public sealed class PruningScores : IDisposable
{
    private readonly Dictionary<string, Tensor> values;

    /// <summary>Creates scores from tensors, which are copied: for your own <see cref="IPruner"/> or <see cref="PruningScope"/>.</summary>
    /// <param name="scores">Parameter names with scores in the parameters' shapes, of any type, on any device. Their order is kept.</param>
    /// <exception cref="ArgumentNullException"><paramref name="scores"/> or one of its tensors is null.</exception>
    /// <exception cref="ArgumentException">A name is empty or appears twice.</exception>
    public PruningScores(IEnumerable<KeyValuePair<string, Tensor>> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        values = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        using var temporaries = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (name, tensor) in scores)
        {
            ArgumentNullException.ThrowIfNull(tensor, nameof(scores));
            if (!string.IsNullOrEmpty(name) && values.TryAdd(name, tensor.detach().to(float64, CPU, copy: true).contiguous())) continue;
            string twice = string.IsNullOrEmpty(name) ? "" : "twice";
            throw new ArgumentException($"Each parameter needs a name of its own; found '{name}' {twice}.", nameof(scores));
        }

        foreach (var tensor in values.Values) tensor.DetachFromDisposeScope();
    }

    private PruningScores(Dictionary<string, Tensor> values, int exponent) => (this.values, Exponent) = (values, exponent);

    /// <summary>The parameters' names in the model's order.</summary>
    public IReadOnlyCollection<string> Names => values.Keys;

    /// <summary>
    /// The common power of two of all scores: a weight's score is its value here times 2 to this power. Sums over the paths of deep
    /// networks may exceed the range of a double. It does not affect ranking, only comparisons of scores of two calls. 0 for most methods.
    /// </summary>
    public int Exponent { get; }

    /// <summary>The scores of one parameter: float64 on the CPU, in the parameter's shape. Borrowed: do not dispose.</summary>
    /// <param name="name">A name from <see cref="Names"/>.</param>
    /// <exception cref="KeyNotFoundException">There are no scores of that name.</exception>
    public Tensor this[string name] => values.TryGetValue(name, out var tensor)
        ? tensor
        : throw new KeyNotFoundException($"No scores for '{name}'. There are scores for: {string.Join(", ", values.Keys)}.");

    // Where the inputs of each parameter lie; null for scores that a user put together.
    internal IReadOnlyDictionary<string, InputAxis?>? Inputs { get; init; }

    internal InputAxis? InputsOf(string name) => Inputs is not null
        ? Inputs.GetValueOrDefault(name)
        : this[name] is { } tensor && tensor.dim() >= 2 ? InputAxis.Of(tensor.shape, transposed: false, groups: 1) : null;

    // Takes over float64 CPU tensors instead of copying them.
    internal static PruningScores Adopt(
        IEnumerable<KeyValuePair<string, Tensor>> scores, IReadOnlyDictionary<string, InputAxis?> inputs, int exponent = 0) =>
        new(scores.ToDictionary(score => score.Key, score => score.Value.DetachFromDisposeScope()), exponent) { Inputs = inputs };

    /// <summary>Disposes the scores.</summary>
    public void Dispose()
    {
        foreach (var tensor in values.Values) tensor.Dispose();
    }
}

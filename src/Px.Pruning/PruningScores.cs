using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>One score for every prunable weight, larger is more worth keeping. Owns its tensors.</summary>
public sealed class PruningScores : IDisposable
{
    private readonly Dictionary<string, Tensor> values;

    internal PruningScores(Dictionary<string, Tensor> values, int exponent = 0) => (this.values, Exponent) = (values, exponent);

    /// <summary>Parameter names in the model's order.</summary>
    public IReadOnlyCollection<string> Names => values.Keys;

    /// <summary>
    /// The common power of two that was taken out so that no score over- or underflows:
    /// a weight's score is its value here times 2 to this power. It cannot change the ranking.
    /// </summary>
    public int Exponent { get; }

    /// <summary>The scores of one parameter: float64 on the CPU, in the parameter's shape. Borrowed: do not dispose.</summary>
    /// <param name="name">A name from <see cref="Names"/>.</param>
    /// <exception cref="KeyNotFoundException">The model has no prunable parameter of that name.</exception>
    public Tensor this[string name] => values.TryGetValue(name, out var tensor)
        ? tensor
        : throw new KeyNotFoundException($"No scores for '{name}'. There are scores for: {string.Join(", ", values.Keys)}.");

    /// <summary>Disposes the scores.</summary>
    public void Dispose()
    {
        foreach (var tensor in values.Values) tensor.Dispose();
    }
}

using System.Collections;
using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts;

/// <summary>Tensors by name, as read from a file, with the file's free text. Owns its tensors: disposing it disposes them. Those of a
/// checkpoint may share memory.</summary>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "PyTorch's word for it.")]
public sealed class StateDict : IReadOnlyDictionary<string, Tensor>, IDisposable
{
    private readonly Dictionary<string, Tensor> tensors;

    // tensors: tensors that no dispose scope owns.
    internal StateDict(Dictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        this.tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>The file's free text by name, or a checkpoint's plain values; may be empty.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The number of tensors.</summary>
    public int Count => tensors.Count;

    /// <summary>The tensors' names.</summary>
    public IEnumerable<string> Keys => tensors.Keys;

    /// <summary>The tensors, borrowed: they live as long as this object.</summary>
    public IEnumerable<Tensor> Values => tensors.Values;

    /// <summary>One tensor, borrowed: it lives as long as this object.</summary>
    /// <param name="key">Its name.</param>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    public Tensor this[string key] => tensors[key];

    /// <summary>Whether there is a tensor of that name.</summary>
    /// <param name="key">The name.</param>
    public bool ContainsKey(string key) => tensors.ContainsKey(key);

    /// <summary>One tensor, borrowed, if it is there.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="value">The tensor; null where the result is false.</param>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out Tensor value) => tensors.TryGetValue(key, out value);

    /// <summary>The names with their tensors, borrowed.</summary>
    public IEnumerator<KeyValuePair<string, Tensor>> GetEnumerator() => tensors.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Disposes every tensor.</summary>
    public void Dispose()
    {
        foreach (var tensor in tensors.Values)
            tensor.Dispose();
    }
}

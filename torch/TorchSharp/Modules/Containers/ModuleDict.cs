using System.Collections;
using System.Diagnostics.CodeAnalysis;

using TorchSharp.Utils;

using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Modules by name. Registered once, when a parent takes the dictionary in: later items are not.</summary>
public class ModuleDict<T> : nn.Module, IDictionary<string, T>, IList<(string, T)> where T : nn.Module
{
    private readonly OrderedDict<string, T> items = new();
    private bool registered;

    public ModuleDict() : base("ModuleDict")
    {
    }

    public T this[string key]
    {
        get => items[key];
        set => items[key] = value;
    }

    public (string, T) this[int index]
    {
        get => items[index];
        set => items[index] = value;
    }

    public int Count => items.Count;

    public bool IsReadOnly => false;

    public ICollection<string> Keys => items.Keys;

    public ICollection<T> Values => items.Values;

    public IEnumerable<string> keys() => items.keys();

    public IEnumerable<T> values() => items.values();

    public IEnumerator<(string, T)> GetEnumerator() => items.GetEnumerator();

    public void Add(string key, T value) => items.Add(key, value);

    public void Add((string, T) item) => items.Add(item);

    public void Add(KeyValuePair<string, T> item) => items.Add(item);

    public void Insert(int index, (string, T) item) => items.Insert(index, item);

    public bool Remove(string key) => items.Remove(key);

    public bool Remove((string, T) item) => items.Remove(item);

    public bool Remove(KeyValuePair<string, T> item) => items.Remove(item);

    public void RemoveAt(int index) => items.RemoveAt(index);

    public void Clear() => items.Clear();

    public bool Contains((string, T) item) => items.Contains(item);

    public bool Contains(KeyValuePair<string, T> item) => items.Contains(item);

    public bool ContainsKey(string key) => items.ContainsKey(key);

    public int IndexOf((string, T) item) => items.IndexOf(item);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value) => items.TryGetValue(key, out value);

    public void CopyTo((string, T)[] array, int arrayIndex) => items.CopyTo(array, arrayIndex);

    public void CopyTo(KeyValuePair<string, T>[] array, int arrayIndex) => items.CopyTo(array, arrayIndex);

    IEnumerator<KeyValuePair<string, T>> IEnumerable<KeyValuePair<string, T>>.GetEnumerator() =>
        items.Keys.Select(key => new KeyValuePair<string, T>(key, items[key])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    protected override void RegisterComponents()
    {
        if (registered) return;
        foreach (var (key, module) in items) register_module(key, module);
        registered = true;
    }
}

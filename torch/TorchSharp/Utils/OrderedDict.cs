using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace TorchSharp.Utils;

/// <summary>A dictionary that enumerates its pairs in the order of insertion and can be indexed by position.</summary>
public class OrderedDict<TKey, TValue> : IDictionary<TKey, TValue>, IList<(TKey, TValue)> where TKey : notnull
{
    private readonly List<(TKey Key, TValue Value)> pairs = [];
    private readonly Dictionary<TKey, TValue> lookup = [];

    public TValue this[TKey key]
    {
        get => lookup[key];
        set
        {
            if (lookup.ContainsKey(key)) pairs[IndexOf(key)] = (key, value);
            else pairs.Add((key, value));
            lookup[key] = value;
        }
    }

    public (TKey, TValue) this[int index]
    {
        get => pairs[index];
        set
        {
            lookup.Remove(pairs[index].Key);
            lookup.Add(value.Item1, value.Item2);
            pairs[index] = value;
        }
    }

    public int Count => pairs.Count;

    public bool IsReadOnly => false;

    public ICollection<TKey> Keys => pairs.ConvertAll(pair => pair.Key);

    public ICollection<TValue> Values => pairs.ConvertAll(pair => pair.Value);

    public IEnumerable<TKey> keys() => Keys;

    public IEnumerable<TValue> values() => Values;

    public IEnumerator<(TKey, TValue)> items() => pairs.GetEnumerator();

    public void Add(TKey key, TValue value)
    {
        lookup.Add(key, value);
        pairs.Add((key, value));
    }

    public void Add((TKey, TValue) item) => Add(item.Item1, item.Item2);

    public void Add(KeyValuePair<TKey, TValue> item) => Add(item.Key, item.Value);

    public void Insert(int index, (TKey, TValue) item)
    {
        lookup.Add(item.Item1, item.Item2);
        pairs.Insert(index, item);
    }

    public bool Remove(TKey key)
    {
        if (!lookup.Remove(key)) return false;
        pairs.RemoveAt(IndexOf(key));
        return true;
    }

    public bool Remove((TKey, TValue) item) => Contains(item) && Remove(item.Item1);

    public bool Remove(KeyValuePair<TKey, TValue> item) => Remove((item.Key, item.Value));

    public void RemoveAt(int index)
    {
        lookup.Remove(pairs[index].Key);
        pairs.RemoveAt(index);
    }

    public void Clear()
    {
        lookup.Clear();
        pairs.Clear();
    }

    public void clear() => Clear();

    public bool Contains((TKey, TValue) item) => pairs.Contains(item);

    public bool Contains(KeyValuePair<TKey, TValue> item) => pairs.Contains((item.Key, item.Value));

    public bool ContainsKey(TKey key) => lookup.ContainsKey(key);

    public int IndexOf((TKey, TValue) item) => pairs.IndexOf(item);

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value) => lookup.TryGetValue(key, out value);

    public void CopyTo((TKey, TValue)[] array, int arrayIndex) => pairs.CopyTo(array, arrayIndex);

    public void CopyTo(KeyValuePair<TKey, TValue>[] array, int arrayIndex)
    {
        foreach (var (key, value) in pairs) array[arrayIndex++] = new(key, value);
    }

    public IEnumerator<(TKey, TValue)> GetEnumerator() => pairs.GetEnumerator();

    // TorchSharp has only the typed enumerator above, too.
    IEnumerator<KeyValuePair<TKey, TValue>> IEnumerable<KeyValuePair<TKey, TValue>>.GetEnumerator() => throw new NotSupportedException("Enumerate as (key, value) tuples.");

    IEnumerator IEnumerable.GetEnumerator() => throw new NotSupportedException("Enumerate as (key, value) tuples.");

    private int IndexOf(TKey key) => pairs.FindIndex(pair => EqualityComparer<TKey>.Default.Equals(pair.Key, key));
}

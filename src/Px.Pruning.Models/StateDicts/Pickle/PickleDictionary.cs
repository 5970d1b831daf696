using System.Diagnostics.CodeAnalysis;

namespace Px.Pruning.Models.StateDicts.Pickle;

/// <summary>A dictionary of a pickle, as far as it has texts for keys: entries under other keys cannot be asked for, and are not kept.</summary>
internal sealed class PickleDictionary
{
    /// <summary>What the runtime takes for one without entries.</summary>
    public const int EmptyCost = 32;

    // For the first entries together, and at most for each, with the smaller tables that it outgrew.
    private const int TableCost = 224, EntryCost = 112;

    private Dictionary<string, object?>? _entries;

    /// <summary>The keys with their values, in the order in which they first came.</summary>
    public IReadOnlyCollection<KeyValuePair<string, object?>> Entries => _entries ?? (IReadOnlyCollection<KeyValuePair<string, object?>>)[];

    /// <summary>What so many more entries take at most.</summary>
    public long CostOf(int entries) => (_entries is null && entries > 0 ? TableCost : 0) + EntryCost * (long)entries;

    public void Set(object? key, object? value)
    {
        if (key is string name)
            (_entries ??= new Dictionary<string, object?>(StringComparer.Ordinal))[name] = value;
    }

    public bool TryGet(string key, [NotNullWhen(true)] out object? value)
    {
        value = null;
        return _entries is not null && _entries.TryGetValue(key, out value) && value is not null;
    }
}

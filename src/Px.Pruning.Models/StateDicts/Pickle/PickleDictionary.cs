using System.Diagnostics.CodeAnalysis;

namespace Px.Pruning.Models.StateDicts.Pickle;

// A dictionary of a pickle, as far as it has texts for keys: entries under other keys cannot be asked for, and are not kept.
internal sealed class PickleDictionary
{
    // What the runtime takes for one without entries.
    internal const int EmptyCost = 32;

    // For the first entries together, and at most for each, with the smaller tables that it outgrew.
    private const int TableCost = 224, EntryCost = 112;

    private Dictionary<string, object?>? entries;

    // The keys with their values, in the order in which they first came.
    internal IReadOnlyCollection<KeyValuePair<string, object?>> Entries =>
        entries ?? (IReadOnlyCollection<KeyValuePair<string, object?>>)[];

    // What so many more entries take at most.
    internal long CostOf(int entries) => (this.entries is null && entries > 0 ? TableCost : 0) + EntryCost * (long)entries;

    internal void Set(object? key, object? value)
    {
        if (key is string name)
            (entries ??= new Dictionary<string, object?>(StringComparer.Ordinal))[name] = value;
    }

    internal bool TryGet(string key, [NotNullWhen(true)] out object? value)
    {
        value = null;
        return entries is not null && entries.TryGetValue(key, out value) && value is not null;
    }
}

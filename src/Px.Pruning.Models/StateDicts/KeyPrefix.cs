using System.Text;
using Px.Bytes;

namespace Px.Pruning.Models.StateDicts;

// Takes prefixes off names, and what PyTorch's wrappers insert into them; leaves out what has another prefix.
internal static class KeyPrefix
{
    // DataParallel, DistributedDataParallel and AveragedModel put it before the names of what they wrap.
    private const string Wrapped = "module.";

    // AveragedModel keeps it beside the weights.
    private const string AverageCount = "n_averaged";

    // torch.compile, FSDP and activation checkpointing insert these; no module of anybody's is called so.
    private static readonly string[] Insertions = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

    // The values by their new names, and the text that was before all of them.
    // prefix: what to keep and take off; null for what wrappers add, wherever every name has it; empty for nothing.
    // Throws InvalidDataException if no name begins so.
    internal static (Dictionary<string, T> Values, string Removed) Remove<T>(IEnumerable<KeyValuePair<string, T>> values, string? prefix)
    {
        var all = values.ToList();
        if (prefix is "")
            return (ToDictionary(all), "");
        if (prefix is null)
        {
            var (inner, removed) = Unwrap(all);
            return (ToDictionary(inner), removed);
        }

        var beginning = Beginning(prefix);
        // The prefix is one of the file's names, or of those that messages show.
        var kept = Select(all, beginning);
        if (kept.Count == 0)
            kept = Select(WithoutInsertions(all), beginning);
        if (kept.Count == 0)
            kept = Select(Unwrap(all).Values, beginning);
        return kept.Count > 0 || all.Count == 0 ? (ToDictionary(WithoutInsertions(kept)), beginning) : throw new InvalidDataException(
            $"no tensor's name begins with '{beginning}' ({nameof(CheckpointOptions)}.{nameof(CheckpointOptions.Prefix)}). The names: "
            + $"{Excerpt.Of(all.Select(pair => pair.Key))}.");
    }

    // As without a prefix, for a module: wrappers of single sub-modules are taken off as well where the module has the name that is left.
    // has: whether the module has a name.
    internal static (Dictionary<string, T> Values, string Removed) Fit<T>(
        IEnumerable<KeyValuePair<string, T>> values, Func<string, bool> has)
    {
        var all = values.ToList();
        var plain = WithoutInsertions(all);
        if (plain.TrueForAll(pair => has(pair.Key)))
            return (ToDictionary(plain), "");
        var (inner, removed) = Unwrap(all);
        var named = ToDictionary(inner);
        foreach (var (name, value) in inner)
        {
            if (!has(name) && Unwrappings(name).FirstOrDefault(has) is { } fitting && named.TryAdd(fitting, value))
                named.Remove(name);
        }

        return (named, removed);
    }

    // A prefix with its last dot; nothing for nothing.
    internal static string Beginning(string prefix) => prefix.Length == 0 || prefix.EndsWith('.') ? prefix : prefix + ".";

    // How many texts of a name's length are made of it.
    internal static int CopiesOf(string name) => HasInsertion(name) ? 4 : 1;

    // The values by names without insertions, without the count of averages, and without what stands before all: once for averaging, once
    // for parallel training.
    private static (List<KeyValuePair<string, T>> Values, string Removed) Unwrap<T>(List<KeyValuePair<string, T>> all)
    {
        var (values, removed) = (WithoutInsertions(all), "");
        if (values.Exists(pair => pair.Key == AverageCount))
        {
            var averaged = Select(values, Wrapped);
            if (averaged.Count > 0 && averaged.Count == values.Count - 1)
                (values, removed) = (averaged, Wrapped);
        }

        var inner = Select(values, Wrapped);
        return inner.Count > 0 && inner.Count == values.Count ? (inner, removed + Wrapped) : (values, removed);
    }

    private static List<KeyValuePair<string, T>> Select<T>(List<KeyValuePair<string, T>> values, string beginning) =>
        [.. values.Where(pair => pair.Key.StartsWith(beginning, StringComparison.Ordinal))
            .Select(pair => new KeyValuePair<string, T>(pair.Key[beginning.Length..], pair.Value))];

    // Names stay as they are where two would become one.
    private static List<KeyValuePair<string, T>> WithoutInsertions<T>(List<KeyValuePair<string, T>> values)
    {
        if (!values.Exists(pair => HasInsertion(pair.Key)))
            return values;
        var plain = values.ConvertAll(pair => new KeyValuePair<string, T>(WithoutInsertions(pair.Key), pair.Value));
        return plain.DistinctBy(pair => pair.Key).Count() == values.Count ? plain : values;
    }

    private static string WithoutInsertions(string name)
    {
        if (!HasInsertion(name))
            return name;
        var kept = new StringBuilder(name.Length);
        for (var (start, isFirst) = (0, true); start <= name.Length;)
        {
            var end = name.IndexOf('.', start);
            var part = name.AsSpan()[start..(end < 0 ? name.Length : end)];
            start += part.Length + 1;
            if (IsInsertion(part))
                continue;
            kept.Append(isFirst ? "" : ".").Append(part);
            isFirst = false;
        }

        return kept.ToString();
    }

    private static bool HasInsertion(string name) => Array.Exists(Insertions, part => name.Contains(part, StringComparison.Ordinal));

    private static bool IsInsertion(ReadOnlySpan<char> part)
    {
        foreach (var insertion in Insertions)
        {
            if (part.SequenceEqual(insertion))
                return true;
        }

        return false;
    }

    // The name without its first part 'module', without its first two, and so on.
    private static IEnumerable<string> Unwrappings(string name)
    {
        for (var at = Find(name, 0); at >= 0; at = Find(name, at))
        {
            name = name.Remove(at, Wrapped.Length);
            yield return name;
        }

        static int Find(string name, int start)
        {
            var at = name.IndexOf(Wrapped, start, StringComparison.Ordinal);
            while (at > 0 && name[at - 1] != '.')
                at = name.IndexOf(Wrapped, at + 1, StringComparison.Ordinal);
            return at;
        }
    }

    private static Dictionary<string, T> ToDictionary<T>(List<KeyValuePair<string, T>> values) =>
        values.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
}

using Px.Bytes;

namespace Px.Pruning.Models.StateDicts;

// Takes a common beginning off names, and leaves out what begins otherwise.
internal static class KeyPrefix
{
    // PyTorch's DataParallel and DistributedDataParallel put it before every name.
    private const string Parallel = "module.";

    // prefix: What to keep and take off; null for module. if every name has it, and nothing otherwise; empty for nothing.
    // InvalidDataException: No name begins so.
    public static Dictionary<string, T> Remove<T>(IEnumerable<KeyValuePair<string, T>> values, string? prefix)
    {
        var all = values.ToList();
        var beginning = prefix switch
        {
            null => all.TrueForAll(pair => pair.Key.StartsWith(Parallel, StringComparison.Ordinal)) ? Parallel : "",
            "" => "",
            _ => prefix.EndsWith('.') ? prefix : prefix + ".",
        };
        var kept = all.Where(pair => pair.Key.StartsWith(beginning, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[beginning.Length..], pair => pair.Value, StringComparer.Ordinal);
        return kept.Count > 0 || all.Count == 0 ? kept : throw new InvalidDataException(
            $"no tensor's name begins with '{beginning}' ({nameof(CheckpointOptions)}.{nameof(CheckpointOptions.Prefix)}). The names: "
            + $"{Excerpt.Of(all.Select(pair => pair.Key))}.");
    }
}

using Px.Bytes;

namespace Px.Pruning.Models.StateDicts;

/// <summary>Takes a common beginning off names, and leaves out what begins otherwise.</summary>
internal static class KeyPrefix
{
    // PyTorch's DataParallel and DistributedDataParallel put it before every name.
    private const string Parallel = "module.";

    /// <param name="values">Values by name.</param>
    /// <param name="prefix">What to keep and take off; null for <c>module.</c> if every name has it, and nothing otherwise; empty for nothing.</param>
    /// <exception cref="InvalidDataException">No name begins so.</exception>
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
            $"no tensor's name begins with '{beginning}' ({nameof(CheckpointOptions)}.{nameof(CheckpointOptions.Prefix)}). The names: {Excerpt.Of(all.Select(pair => pair.Key))}.");
    }
}

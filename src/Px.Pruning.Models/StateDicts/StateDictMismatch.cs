using System.Text;

namespace Px.Pruning.Models.StateDicts;

/// <summary>The differences between a module and the tensors that are meant for it. Empty lists mean that they fit.</summary>
public sealed record StateDictMismatch
{
    /// <summary>Names that the module has and the tensors lack.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Names that the tensors have and the module lacks.</summary>
    public required IReadOnlyList<string> Unexpected { get; init; }

    /// <summary>Names that both have, with different shapes, or with complex numbers on one side only; and names of one tied tensor with
    /// different values.</summary>
    public required IReadOnlyList<StateDictConflict> Conflicting { get; init; }

    /// <summary>Whether module and tensors fit.</summary>
    public bool IsEmpty => Missing.Count + Unexpected.Count + Conflicting.Count == 0;

    // What was taken off the beginning of all names of the file.
    internal string Removed { get; init; } = "";

    /// <summary>Lists every name on a line of its own, with the option that would accept it. Where the missing names are there behind a
    /// common prefix, it names that, and the option that takes it off.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Append(text, "in the module but not among the tensors", nameof(StateDictOptions.AllowMissing), Missing);
        Append(text, "among the tensors but not in the module", nameof(StateDictOptions.AllowUnexpected), Unexpected);
        Append(text, "different in shape, kind of number or the values of a tied tensor", nameof(StateDictOptions.AllowConflicting),
            [.. Conflicting.Select(conflict => conflict.ToString())]);
        if (CommonPrefix() is { } prefix)
        {
            text.Append($"\nWhat is missing is in the file with '{Removed}{prefix}' before its name. That text as "
                + $"{nameof(CheckpointOptions)}.{nameof(CheckpointOptions.Prefix)} takes it off: {nameof(StateDictExtensions.LoadWeights)}"
                + "(path, checkpoint: …).");
        }

        return text.Length == 0 ? "No mismatch." : text.ToString();
    }

    // The text before every missing name among the unexpected ones; null where there is no such text.
    private string? CommonPrefix()
    {
        var unexpected = Unexpected.ToHashSet(StringComparer.Ordinal);
        return Missing.Count == 0 ? null : Unexpected
            .Where(name => name.EndsWith($".{Missing[0]}", StringComparison.Ordinal)).Select(name => name[..^Missing[0].Length])
            .FirstOrDefault(prefix => Missing.All(name => unexpected.Contains(prefix + name)));
    }

    private static void Append(StringBuilder text, string what, string option, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
            return;
        text.Append(text.Length == 0 ? "" : "\n").Append(names.Count).Append(' ').Append(what).Append(" (").Append(option)
            .Append(" would accept this):");
        foreach (var name in names)
            text.Append("\n  ").Append(name);
    }
}

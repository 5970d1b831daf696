using Px.Samples.CommandLines;

namespace Px.Experiments.Materials;

/// <summary>Where the files of things with names lie: one place for all, or <c>NAME=PLACE</c> with commas between them.</summary>
public sealed class Places
{
    private readonly Dictionary<string, string> named = [];
    private readonly string? all;

    /// <summary>None is known.</summary>
    public Places() { }

    /// <param name="value">What the user said.</param>
    /// <param name="names">The names that there are.</param>
    /// <exception cref="UsageException">A name is unknown, or there twice.</exception>
    public Places(Value value, IReadOnlyList<string> names)
    {
        if (!value.Text.Contains('=', StringComparison.Ordinal))
        {
            all = value.Text;
            return;
        }

        foreach (var item in value.Text.Split(','))
        {
            var parts = item.Split('=', 2);
            if (parts.Length != 2 || !named.TryAdd((value with { Given = parts[0] }).OneOf(names), parts[1]))
                throw new UsageException($"{value.Option} must be one place, or NAME=PLACE with commas between them, each name once, not '{value.Given}'");
        }
    }

    /// <summary>Where the files of something lie; null where nobody said.</summary>
    public string? Of(string name) => named.GetValueOrDefault(name) ?? all;
}

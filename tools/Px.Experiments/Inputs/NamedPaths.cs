using Px.Runner.CommandLines;

namespace Px.Experiments.Inputs;

/// <summary>Paths by name, as a command line gives them: one path for all names, or <c>NAME=PLACE</c> with commas between.</summary>
public sealed class NamedPaths
{
    private readonly Dictionary<string, string> named = [];
    private readonly string? all;

    /// <summary>No paths.</summary>
    public NamedPaths() { }

    /// <param name="value">What the user said.</param>
    /// <param name="names">The names that there are.</param>
    /// <exception cref="UsageException">A name is unknown, or there twice.</exception>
    public NamedPaths(Value value, IReadOnlyList<string> names)
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

    /// <summary>The path of a name; null if none was given.</summary>
    public string? Of(string name) => named.GetValueOrDefault(name) ?? all;
}

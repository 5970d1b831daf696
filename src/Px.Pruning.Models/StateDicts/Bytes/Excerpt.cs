namespace Px.Pruning.Models.StateDicts.Bytes;

/// <summary>Texts of a file as messages quote them: no longer than a reader needs, whatever the file says.</summary>
internal static class Excerpt
{
    private const int MaximumLength = 100, MaximumCount = 20;

    /// <summary>The text, or its first hundred characters.</summary>
    public static string Of(string text) => text.Length <= MaximumLength ? text : $"{text.AsSpan(0, MaximumLength)}…";

    /// <summary>The first twenty of several texts, with commas between, and how many more there are.</summary>
    public static string Of(IReadOnlyCollection<string> texts)
    {
        var some = string.Join(", ", texts.Take(MaximumCount).Select(text => $"'{Of(text)}'"));
        return texts.Count == 0 ? "none" : texts.Count <= MaximumCount ? some : $"{some} and {texts.Count - MaximumCount} more";
    }
}

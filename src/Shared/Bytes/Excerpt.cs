namespace Px.Bytes;

// Texts of a file as messages quote them: no longer than a reader needs, whatever the file says.
internal static class Excerpt
{
    private const int MaximumLength = 100, MaximumCount = 20;

    // The text, or its first hundred characters.
    public static string Of(string text) => text.Length <= MaximumLength ? text : $"{text.AsSpan(0, MaximumLength)}…";

    // The first twenty of several texts, with commas between, and how many more there are.
    public static string Of(IEnumerable<string> texts)
    {
        var some = string.Join(", ", texts.Take(MaximumCount).Select(text => $"'{Of(text)}'"));
        var more = texts.Skip(MaximumCount).Count();
        return some.Length == 0 ? "none" : more == 0 ? some : $"{some} and {more} more";
    }
}

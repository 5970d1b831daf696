namespace Px.Bytes;

// Shortens texts of a file for error messages.
internal static class Excerpt
{
    private const int MaximumLength = 100, MaximumCount = 20;

    internal static string Of(string text) => text.Length <= MaximumLength ? text : $"{text.AsSpan(0, MaximumLength)}…";

    internal static string Of(IEnumerable<string> texts)
    {
        var some = string.Join(", ", texts.Take(MaximumCount).Select(text => $"'{Of(text)}'"));
        var more = texts.Skip(MaximumCount).Count();
        return some.Length == 0 ? "none" : more == 0 ? some : $"{some} and {more} more";
    }
}

namespace Px.Pruning.Models.Data.Downloads;

// Names of one file or folder that stay inside the folder they are put into, on every system.
internal static class PlainName
{
    // Returns the name. Throws ArgumentException if it is empty, or could lead elsewhere: separators, drives, control characters, and the
    // dots and spaces that Windows cuts off at the end, which makes ".. " the folder above.
    internal static string Check(string? name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        return !name.Any(letter => letter is '/' or '\\' or ':' || char.IsControl(letter)) && name[^1] is not ('.' or ' ')
            ? name
            : throw new ArgumentException($"'{Printable(name)}' is not the plain name of a file or folder: it may hold no '/', '\\', ':' "
            + "or control character, and not end with a dot or a space.", parameter);
    }

    // What a message may show of a name that somebody else made up.
    internal static string Printable(string name)
    {
        var shown = string.Concat(name.Take(200).Select(letter => char.IsControl(letter) ? '?' : letter));
        return name.Length > 200 ? shown + "…" : shown;
    }
}

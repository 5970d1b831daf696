namespace Px.Runner.Display;

/// <summary>Rows of text as RFC 4180 has them: commas between the cells, quotes where they are needed, lines that end with CR LF on every system.</summary>
public static class CsvFile
{
    /// <summary>Writes the rows; a file of that name is replaced.</summary>
    public static void Write(string path, IEnumerable<IReadOnlyList<string>> rows) => File.WriteAllText(path, string.Concat(rows.Select(row => $"{Line(row)}\r\n")));

    public static string Line(IReadOnlyList<string> cells) => string.Join(',', cells.Select(Quote));

    private static string Quote(string cell) =>
        cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

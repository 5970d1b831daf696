namespace Px.Samples.Display;

/// <summary>Rows of text with commas between the cells, quoted where RFC 4180 asks for it.</summary>
public static class CsvFile
{
    /// <summary>Writes the rows; a file of that name is replaced.</summary>
    public static void Write(string path, IEnumerable<IReadOnlyList<string>> rows) => File.WriteAllLines(path, rows.Select(Line));

    public static string Line(IReadOnlyList<string> cells) => string.Join(',', cells.Select(Quote));

    private static string Quote(string cell) =>
        cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

using System.Globalization;
using CsvHelper;

namespace Px.Runner.Display;

/// <summary>Rows of text as RFC 4180 has them: commas between the cells, quotes where they are needed, lines that end with CR LF on every system.</summary>
public static class CsvFile
{
    /// <summary>Writes the rows; a file of that name is replaced.</summary>
    public static void Write(string path, IEnumerable<IReadOnlyList<string>> rows)
    {
        using var csv = new CsvWriter(new StreamWriter(path), CultureInfo.InvariantCulture);
        foreach (var row in rows)
        {
            foreach (var cell in row)
                csv.WriteField(cell);
            csv.NextRecord();
        }
    }
}

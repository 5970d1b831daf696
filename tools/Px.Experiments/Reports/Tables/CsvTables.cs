using Px.Runner.Display;

namespace Px.Experiments.Reports.Tables;

/// <summary>Writes tables as CSV (RFC 4180): one file for all of one name.</summary>
public static class CsvTables
{
    /// <summary>Writes the tables into a folder, which is created; files of other names are left alone.</summary>
    public static void Write(string folder, IEnumerable<DataTable> tables)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in tables.GroupBy(table => table.Name))
        {
            IEnumerable<IReadOnlyList<string>> header = [["setting", .. file.First().Columns.Select(column => column.Name)]];
            var rows = file.SelectMany(table => table.Rows.Select(row => (IReadOnlyList<string>)[table.Study.Name, .. row.Select(cell => cell.CsvText)]));
            CsvFile.Write(Path.Combine(folder, $"{file.Key}.csv"), header.Concat(rows));
        }
    }
}

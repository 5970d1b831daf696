namespace Px.Benchmarks.Comparison;

/// <summary>A table on the console whose rows appear as they are measured: the first column to the left, the others to the right.</summary>
internal sealed class Table
{
    private readonly int[] widths;

    /// <param name="title">A line above the table.</param>
    /// <param name="width">Of every column but the first.</param>
    /// <param name="header">Titles of the columns; the first column is as wide as its title, and 12 at least.</param>
    internal Table(string title, int width, params string[] header)
    {
        widths = [Math.Max(12, header[0].Length), .. header.Skip(1).Select(_ => width)];
        Console.WriteLine();
        Console.WriteLine(title);
        Add(header);
        Console.WriteLine(new string('-', widths.Sum()));
    }

    internal void Add(params string[] cells) =>
        Console.WriteLine(string.Concat(cells.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).TrimEnd());
}

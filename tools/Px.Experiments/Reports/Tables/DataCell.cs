using System.Globalization;
using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Tables;

/// <summary>A value of a table.</summary>
/// <param name="Text">What the page shows.</param>
/// <param name="Value">The number that CSV has and that sorting goes by; null for words, which CSV has as they are.</param>
public sealed record DataCell(string Text, double? Value = null)
{
    /// <summary>The method that the cell names, whose mark the page puts before it.</summary>
    public Series? Series { get; init; }

    /// <summary>What CSV has, where it is neither the number nor what the page shows.</summary>
    public string? Csv { get; init; }

    /// <summary>Nothing: a dash on the page, empty in CSV.</summary>
    public static DataCell None { get; } = new("–") { Csv = "" };

    /// <summary>What is written into CSV.</summary>
    public string CsvText => Csv ?? (Value is { } value ? Words.Exact(value) : Text);

    public static implicit operator DataCell(string text) => new(text);

    public static implicit operator DataCell(Series series) => new(series.Label) { Series = series };

    public static implicit operator DataCell(int value) => new(value.ToString(CultureInfo.InvariantCulture), value);

    /// <summary>A number as <paramref name="words"/> has it, or nothing.</summary>
    public static DataCell Of(double? value, Func<double, string> words) => value is { } number ? new(words(number), number) : None;
}

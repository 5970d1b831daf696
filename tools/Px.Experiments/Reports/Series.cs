using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports;

/// <summary>A method as it was run in a study: a line of a chart, a row of a table.</summary>
/// <param name="Variant">Which results belong to it.</param>
/// <param name="Method">The method as the literature writes it.</param>
/// <param name="Suffix">The settings in which it differs from other series of that method; empty where there is one.</param>
/// <param name="Style">The method's number among all of the report, the dense network's the last: decides colour, marker and dashes, so that they are the same everywhere.</param>
public sealed record Series(Variant Variant, string Method, string Suffix, int Style)
{
    /// <summary>Colours in <c>page.css</c>, shapes and dashes in <c>page.html</c>: their numbers have no common divisor, so that 56 methods differ in one of the two.</summary>
    public const int Colours = 7, Shapes = 8;

    /// <summary>The method, and what tells it from others of its name.</summary>
    public string Label => Method + Suffix;

    public int Shape => Style % Shapes;

    /// <summary>The classes that give an element the series' colour and dashes.</summary>
    public string Class => Variant.IsDense ? "dense" : FormattableString.Invariant($"c{Style % Colours} d{Style / Colours % 3}");

    /// <summary>The attributes of an element that belongs to the series.</summary>
    public Markup Attributes => Variant.IsDense ? Markup.Of($"class=\"{Class}\"") : Markup.Of($"class=\"{Class}\" data-s=\"{Style}\"");

    /// <summary>The series' mark, as a legend has it.</summary>
    public Markup Key => Markup.Of($"<svg class=\"key {Class}\" aria-hidden=\"true\"><use href=\"#m{Shape}\"/></svg>");

    /// <summary>The mark and the name.</summary>
    public Markup Chip => Markup.Of($"<span class=\"chip\">{Key} <span>{Method}</span>{Suffix}</span>");

    /// <summary>The label where there is room for some characters only: what is cut is the method's name.</summary>
    public string Shortened(int length)
    {
        var room = Math.Max(4, length - Suffix.Length);
        return (Method.Length <= room ? Method : $"{Method[..(room - 1)].TrimEnd()}…") + Suffix;
    }
}

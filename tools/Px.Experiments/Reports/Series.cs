using Px.Experiments.Reports.Html;
using Px.Runner.Experiments;

namespace Px.Experiments.Reports;

/// <summary>A method as it was run in a study: a line of a chart, a row of a table.</summary>
/// <param name="Variant">Which results belong to it.</param>
/// <param name="Method">The method as the literature writes it.</param>
/// <param name="Suffix">The settings in which it differs from other series of that method; empty where there is one.</param>
/// <param name="Nth">How many series of that method come before it: decides the dashes of its line.</param>
public sealed record Series(Variant Variant, string Method, string Suffix, int Nth)
{
    private const int DashPatterns = 3;

    /// <summary>The name of its hue in <c>hues.css</c> and of its mark in <c>marks.svg</c>, the same on every page.</summary>
    public string Style => Variant.IsDense || MethodCatalog.Names.Contains(Variant.Method) ? Variant.Method : "other";

    /// <summary>The method, and what tells it from others of its name.</summary>
    public string Label => Method + Suffix;

    /// <summary>The attributes of an element of a chart that belongs to the series, and can be switched off with its method.</summary>
    public Markup Attributes => Markup.Of($"class=\"s-{Style} d{Nth % DashPatterns}\" data-s=\"{Variant.Method}\"");

    /// <summary>The series' mark, as a legend has it.</summary>
    public Markup Key => Markup.Of($"<svg class=\"key s-{Style}\" aria-hidden=\"true\"><use href=\"#m-{Style}\"/></svg>");

    /// <summary>The mark and the name.</summary>
    public Markup Chip => Markup.Of($"<span class=\"chip\">{Key} <span>{Method}</span>{Suffix}</span>");

    /// <summary>The label where there is room for some characters only: what is cut is the method's name.</summary>
    public string Shortened(int length)
    {
        var room = Math.Max(4, length - Suffix.Length);
        return (Method.Length <= room ? Method : $"{Method[..(room - 1)].TrimEnd()}…") + Suffix;
    }
}

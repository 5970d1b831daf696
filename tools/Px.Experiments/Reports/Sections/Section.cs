using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Tables;

namespace Px.Experiments.Reports.Sections;

/// <summary>A part of the page.</summary>
/// <param name="Id">Where links lead.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Body">What it shows.</param>
/// <param name="Tables">Its numbers, for CSV.</param>
public sealed record Section(string Id, string Title, Markup Body, IReadOnlyList<DataTable> Tables)
{
    private const int FewRows = 12;

    /// <summary>A section with a part for each study that has something to show; null where none has.</summary>
    public static Section? OfStudies(string id, string title, Markup introduction, ResultSet results, Func<Study, (Markup Body, IReadOnlyList<DataTable> Tables)?> build)
    {
        var parts = results.Studies.Select(study => (Study: study, Part: build(study))).Where(part => part.Part is not null).ToList();
        if (parts.Count == 0)
            return null;
        var bodies = parts.Select(part => results.Studies.Count == 1 ? part.Part!.Value.Body : Markup.Of($"<h3>{part.Study.Name}</h3>\n{part.Part!.Value.Body}"));
        return new Section(id, title, Markup.Of($"{introduction}{bodies}"), [.. parts.SelectMany(part => part.Part!.Value.Tables)]);
    }

    /// <summary>Numbers behind a chart, that open where they are asked for.</summary>
    public static Markup Numbers(string summary, Markup table) => Markup.Of($"<details><summary>{summary}</summary>{table}</details>\n");

    /// <summary>A table, folded where it is long.</summary>
    public static Markup Folded(string summary, DataTable table) => table.Rows.Count <= FewRows
        ? table.ToMarkup()
        : Numbers($"{summary}: {Words.Count(table.Rows.Count, "row")}", table.ToMarkup());

    public Markup ToMarkup() => Markup.Of($"<section id=\"{Id}\" aria-labelledby=\"{Id}-title\"><h2 id=\"{Id}-title\">{Title}</h2>\n{Body}</section>\n");
}

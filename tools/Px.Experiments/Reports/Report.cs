using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Sections;
using Px.Experiments.Reports.Tables;

namespace Px.Experiments.Reports;

/// <summary>A page about results, and the same numbers as tables. The same results give the same bytes.</summary>
public sealed class Report
{
    private Report(string html, IReadOnlyList<DataTable> tables) => (Html, Tables) = (html, tables);

    /// <summary>The page: one file that needs no other, nor a network.</summary>
    public string Html { get; }

    /// <summary>The numbers behind it.</summary>
    public IReadOnlyList<DataTable> Tables { get; }

    /// <summary>Makes the report of at least one result. Parts without data are left out.</summary>
    public static Report Of(ResultSet results)
    {
        List<Section?> sections =
        [
            AccuracySection.Build(results), FindingsSection.Build(results), LayersSection.Build(results), StructureSection.Build(results), SpectrumSection.Build(results),
            OverlapSection.Build(results), CellsSection.Build(results), RunSection.Build(results),
        ];
        // Where nothing was trained the page is about times.
        sections.Insert(results.Studies.Any(study => study.IsTrained) ? sections.Count - 3 : 0, TimeSection.Build(results));
        var shown = sections.OfType<Section>().ToList();
        var html = Page.Compose(
            Title(results), Opening.Build(results), Markup.Join(shown.Select(section => Markup.Of($"<li><a href=\"#{section.Id}\">{section.Title}</a></li>"))),
            Markup.Join(shown.Select(section => section.ToMarkup())));
        return new Report(html, [.. shown.SelectMany(section => section.Tables)]);
    }

    private static string Title(ResultSet results)
    {
        var protocols = results.Results.Select(found => found.Result.Protocol).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        var settings = results.Studies.Select(study => $"{study.Setting.Model} on {study.Setting.Data}").Distinct().ToList();
        var subject = settings.Count <= 2 ? Words.List(settings) : $"{Words.Count(settings.Count)} networks and data sets";
        return protocols.Count == 0 ? subject : $"{Words.List(protocols)}: {subject}";
    }
}

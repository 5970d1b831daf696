using Px.Experiments.Reports.Charts;
using Px.Experiments.Reports.Html;
using Px.Experiments.Results;

namespace Px.Experiments.Reports.Sections;

/// <summary>What a page begins with: a chart for each study, what was run, and what it says in three sentences; after the first chart the legend.</summary>
public static class Opening
{
    public static Markup Build(ResultSet results) =>
        Markup.Join(results.Studies.Select((study, i) => Markup.Of(
            $"""
            {Heading(results, study)}{Chart(study)}{(i == 0 ? Legend(results) : Markup.Empty)}<div{Markup.Trusted(i == 0 ? " id=\"words\"" : "")} class="words"><p class="lead">{RunSection.Sentence(study)}</p>
            {Sentences.Of(study).Select(sentence => Markup.Of($"<p>{sentence}</p>\n"))}</div>

            """)));

    private static Markup Heading(ResultSet results, Study study) => results.Studies.Count == 1 ? Markup.Empty : Markup.Of($"<h2 class=\"study\">{study.Name}</h2>\n");

    private static Markup Chart(Study study) =>
        AccuracyChart.Of(study) is { } lines ? Markup.Of($"<figure class=\"wide\">{lines.ToMarkup()}</figure>\n")
        : study.IsTrained && study.Sparsities.Count == 1 ? AccuracySection.Dots(study, study.Sparsities[0])
        : TimeSection.Chart(study);

    private static Markup Legend(ResultSet results)
    {
        var series = results.Studies.SelectMany(study => study.Groups.Select(group => group.Series)).DistinctBy(one => one.Variant.Method).ToList();
        var order = results.Methods.ToList();
        var buttons = series.OrderBy(one => one.Variant.IsDense ? order.Count : order.IndexOf(one.Variant.Method)).Select(one => Markup.Of(
            $"<li><button type=\"button\" aria-pressed=\"true\" data-s=\"{one.Variant.Method}\" title=\"Switch off or on in every chart\">{one.Key}<span>{one.Method}</span></button></li>"));
        var chance = results.Studies.Any(study => study.IsTrained && study.Chance is not null)
            ? Markup.Of($"<li class=\"reference\"><svg class=\"key chance\" aria-hidden=\"true\"><use href=\"#m-chance\"/></svg><span>chance</span></li>")
            : Markup.Empty;
        return series.Count < 2
            ? Markup.Empty
            : Markup.Of(
                $"""
                <div class="legend" role="group" aria-label="Methods shown in every chart"><ul>{buttons}{chance}
                <li><button type="button" class="every" data-every="true">all</button></li><li><button type="button" class="every" data-every="false">none</button></li></ul></div>

                """);
    }
}

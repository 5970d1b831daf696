using System.Text.RegularExpressions;
using System.Xml;
using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Sections;

namespace Px.Experiments.Reports.Charts;

/// <summary>The chart of a study as an SVG file of its own, readable in a light and a dark window, for a page that can run no script.</summary>
public static partial class ChartPicture
{
    private const double Width = 620, Left = 64, Right = 196, Top = 84, Bottom = 92, FontSize = 16, NameHeight = 23;

    /// <summary>The picture; null where networks were not trained, or at one sparsity only.</summary>
    public static string? Of(Study study)
    {
        if (AccuracyChart.Of(study, NameHeight) is not { } chart)
            return null;
        var picture = Markup.Of(
            $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Top + chart.Height + Bottom}" width="{Width}" height="{Top + chart.Height + Bottom}" font-family="system-ui, sans-serif" font-size="{FontSize}" role="img" aria-labelledby="title">
            <title id="title">{chart.YTitle} against weights removed: {RunSection.Sentence(study)}</title>
            <style>
            {Markup.Trusted(Resource.Read("picture.css") + Resource.Read("hues.css") + Resource.Read("chart.css"))}</style>
            <defs>
            {Markup.Trusted(Resource.Read("marks.svg"))}</defs>
            <rect class="ground" width="100%" height="100%" rx="8"/>
            <text class="heading" x="16" y="30">{study.Setting.Model} on {study.Setting.Data}</text>
            <text class="title" x="16" y="56">{chart.YTitle}, mean ± standard deviation of {Words.Count(Seeds(study), "seed")}</text>
            <svg class="plot" x="{Left}" y="{Top}" width="{Width - Left - Right}" height="{chart.Height}">
            {chart.Content()}</svg>
            <text class="title" x="16" y="{Top + chart.Height + 50}">{chart.XTitle}</text>
            <text class="title" x="16" y="{Top + chart.Height + 74}">{(chart.IsPressed ? "The axis is compressed where the ground is grey." : "")}</text>
            </svg>

            """).ToString();
        // Names come from files, and XML knows fewer characters than they may have.
        return Escaped().Replace(picture, match => XmlConvert.IsXmlChar((char)Convert.ToInt32(match.Groups[1].Value, 16)) ? match.Value : "");
    }

    [GeneratedRegex("&#x([0-9A-F]{1,4});")]
    private static partial Regex Escaped();

    private static int Seeds(Study study) => study.Groups.SelectMany(group => group.Seeds).Select(result => result.Cell.Seed).Distinct().Count();
}

using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Px.Experiments.Reports.Html;

/// <summary>One file that is all of a page: <c>page.html</c> with style, script and content put in. Its policy lets it load nothing, and run no script but its own.</summary>
public static partial class Page
{
    /// <param name="title">The heading.</param>
    /// <param name="opening">What comes first: a chart, its legend, what it says.</param>
    /// <param name="contents">A link to each section.</param>
    /// <param name="sections">The rest.</param>
    public static string Compose(string title, Markup opening, Markup contents, Markup sections)
    {
        var script = Resource.Read("page.js");
        var parts = new Dictionary<string, string>
        {
            ["script-hash"] = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script))),
            ["style"] = Resource.Read("hues.css") + Resource.Read("chart.css") + Resource.Read("page.css"),
            ["script"] = script,
            ["marks"] = Resource.Read("marks.svg"),
            ["title"] = Markup.Of($"{title}").ToString(),
            ["opening"] = opening.ToString(),
            ["contents"] = contents.ToString(),
            ["sections"] = sections.ToString(),
        };
        // In one pass, so that nothing in the content is taken for a place to fill.
        return Place().Replace(Resource.Read("page.html"), place => parts[place.Groups[1].Value]).Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\{\{([a-z-]+)\}\}")]
    private static partial Regex Place();
}

using System.Security.Cryptography;
using System.Text;

namespace Px.Experiments.Reports.Html;

/// <summary>One file that is all of a page: <c>page.html</c> with style, script and content put in. Its policy lets it load nothing, and run no script but its own.</summary>
public static class Page
{
    public static string Compose(string title, Markup lead, Markup contents, Markup legend, Markup sections)
    {
        var script = Read("page.js");
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        var page = new StringBuilder(Read("page.html"));
        // Content comes last, so that nothing in it can be taken for a place to fill.
        foreach (var (place, text) in (IEnumerable<(string, string)>)
        [
            ("script-hash", hash), ("style", Read("page.css")), ("script", script), ("title", Markup.Of($"{title}").ToString()), ("contents", contents.ToString()), ("legend", legend.ToString()),
            ("lead", lead.ToString()), ("sections", sections.ToString()),
        ])
            page.Replace($"{{{{{place}}}}}", text);
        return page.Replace("\r\n", "\n").ToString();
    }

    private static string Read(string name)
    {
        using var stream = typeof(Page).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Replace("\r\n", "\n", StringComparison.Ordinal);
    }
}

namespace Px.Experiments.Reports.Html;

/// <summary>Files of the program's own that pages and pictures are made of.</summary>
public static class Resource
{
    /// <summary>The text of a file in <c>Reports/Resources</c>.</summary>
    public static string Read(string name)
    {
        using var stream = typeof(Resource).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Replace("\r\n", "\n", StringComparison.Ordinal);
    }
}

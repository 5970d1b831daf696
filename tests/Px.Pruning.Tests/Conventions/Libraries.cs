using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Px.Pruning.Tests.Conventions;

/// <summary>The two libraries, their documentation and their sources, as the convention tests look at them.</summary>
internal static class Libraries
{
    public const string Core = "Px.Pruning";
    public const string Models = "Px.Pruning.Models";

    public static TheoryData<string> Names => [Core, Models];

    public static Assembly Load(string name) => Assembly.Load(name);

    /// <summary>The texts of the documentation file that lies beside the assembly, by member id such as <c>T:Px.Pruning.IPruner</c>.</summary>
    public static Dictionary<string, XElement> Documentation(string name) =>
        XDocument.Load(Path.ChangeExtension(Load(name).Location, ".xml"))
            .Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);

    public static IEnumerable<string> SourceFiles(string name) =>
        Directory.EnumerateFiles(Path.Combine(RepositoryRoot(), "src", name), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Replace('\\', '/').Contains("/obj/", StringComparison.Ordinal));

    /// <summary>Where the tests were compiled.</summary>
    private static string RepositoryRoot([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", ".."));
}

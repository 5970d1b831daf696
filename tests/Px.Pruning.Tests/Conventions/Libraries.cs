using System.Reflection;
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

    /// <summary>The folder above the test assembly that holds the solution: a deterministic build hides where its sources were.</summary>
    public static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Px.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds Px.sln.");
    }
}

using System.Reflection;
using Px.Pruning.Tests.Conventions;

namespace Px.Pruning.Tests.Documentation;

/// <summary>The C# of README.md, docs/*.md and the packages' pages is what it says: the build compiles all of it, and here it runs, page by page.</summary>
public sealed class SnippetTests
{
    private static readonly ILookup<string, (SnippetAttribute Place, Type Type)> Snippets = Assembly.GetExecutingAssembly().GetTypes()
        .Select(type => (Place: type.GetCustomAttribute<SnippetAttribute>()!, Type: type))
        .Where(snippet => snippet.Place is not null).OrderBy(snippet => snippet.Place.Line).ToLookup(snippet => snippet.Place.Page);

    public static TheoryData<string> Pages =>
        [.. Files().Select(file => Path.GetFileName(file)!).Where(page => Snippets[page].Any(snippet => snippet.Place.Runs))];

    [Fact]
    public void Pages_AreCompiledWhole()
    {
        Files().Should().HaveCountGreaterThan(8);
        foreach (var file in Files())
        {
            // Any fence of C#, also one that the build would not see, such as an indented one. A page's setup is compiled with each snippet.
            int fences = File.ReadLines(file).Count(line => line.TrimStart().StartsWith("```cs", StringComparison.Ordinal) && line != "```csharp setup");
            Snippets[Path.GetFileName(file)].Should().HaveCount(fences, "{0} has so many snippets", file);
        }
    }

    [Theory, MemberData(nameof(Pages))]
    public async Task Page_Runs(string page)
    {
        // What one snippet saves the next may load.
        var (before, console) = (Environment.CurrentDirectory, Console.Out);
        var folder = Directory.CreateTempSubdirectory("px-snippets-");
        try
        {
            Environment.CurrentDirectory = folder.FullName;
            Console.SetOut(TextWriter.Null);
            foreach (var (place, type) in Snippets[page].Where(snippet => snippet.Place.Runs))
            {
                var snippet = (Snippet)Activator.CreateInstance(type)!;
                using var resources = snippet as IDisposable;
                var run = snippet.Run;
                await run.Should().NotThrowAsync($"{page}, line {place.Line} runs as it stands");
            }
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = before;
            folder.Delete(recursive: true);
        }
    }

    private static IEnumerable<string> Files()
    {
        string root = Libraries.RepositoryRoot();
        var packages = Directory.EnumerateDirectories(Path.Combine(root, "src")).SelectMany(project => Directory.EnumerateFiles(project, "*.md"));
        return Directory.EnumerateFiles(Path.Combine(root, "docs"), "*.md").Concat(packages).Append(Path.Combine(root, "README.md")).Order();
    }
}

using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Px.Pruning.Tests.Conventions;

namespace Px.Pruning.Tests.Documentation;

/// <summary>What the library can say to a user has an entry in the documentation, and there is no entry for what it cannot say.</summary>
public sealed partial class TroubleshootingTests
{
    private static readonly List<EventId> Warnings = [.. typeof(Warnings).GetFields(BindingFlags.Static | BindingFlags.NonPublic)
        .Select(field => (EventId)field.GetValue(null)!)];

    [Fact]
    public void Exceptions_HaveAnEntry()
    {
        string[] libraries = [Libraries.Core, Libraries.Models];
        // Our own types, and whatever the documentation of a member says that it throws.
        var own = libraries.SelectMany(library => Libraries.Load(library).GetExportedTypes())
            .Where(type => typeof(Exception).IsAssignableFrom(type)).Select(type => type.Name);
        var documented = libraries.SelectMany(library => Libraries.Documentation(library).Values)
            .SelectMany(member => member.Elements("exception")).Select(exception => exception.Attribute("cref")!.Value.Split('.')[^1]);
        var thrown = own.Concat(documented).Distinct().ToList();

        thrown.Should().HaveCountGreaterThan(10);
        thrown.Should().BeSubsetOf(Headings());
        Headings().Where(name => name.EndsWith("Exception", StringComparison.Ordinal)).Should().BeSubsetOf(thrown);
    }

    [Fact]
    public void Warnings_HaveAnEntry()
    {
        Warnings.Should().HaveCountGreaterThan(5).And.OnlyHaveUniqueItems(warning => warning.Id);
        Headings(@" \((\d+)\)").Should().BeEquivalentTo(Warnings.Select(warning => $"{warning.Name} {warning.Id}"));
    }

    [Fact]
    public void Warnings_AreLoggedByTheirEvent()
    {
        var calls = new[] { Libraries.Core, Libraries.Models }.SelectMany(Libraries.SourceFiles)
            .SelectMany(file => Logged().Matches(File.ReadAllText(file))).Select(call => call.Groups[1].Value).ToList();

        calls.Distinct().Should().BeEquivalentTo(Warnings.Select(warning => $"Warnings.{warning.Name}"));
    }

    [Fact]
    public void Pruners_HaveAnEntryAmongTheMethods()
    {
        var pruners = Libraries.Load(Libraries.Core).GetExportedTypes()
            .Where(type => typeof(IPruner).IsAssignableFrom(type) && !type.IsAbstract).Select(type => type.Name).ToList();

        pruners.Should().HaveCountGreaterThan(14);
        pruners.Should().BeSubsetOf(Names().Matches(Page("methods.md")).Select(match => match.Groups[1].Value));
    }

    // The names in code that headings of the page hold; with what follows them, if asked for.
    private static List<string> Headings(string suffix = "") =>
    [
        .. Page("troubleshooting.md").Split('\n').Where(line => line.StartsWith("### ", StringComparison.Ordinal))
            .SelectMany(line => Regex.Matches(line, "`(\\w+)`" + suffix))
            .Select(match => suffix.Length > 0 ? $"{match.Groups[1].Value} {match.Groups[2].Value}" : match.Groups[1].Value),
    ];

    private static string Page(string name) => File.ReadAllText(Path.Combine(Libraries.RepositoryRoot(), "docs", name));

    [GeneratedRegex(@"\.Log(?:Warning|Error|Critical)\(\s*([\w.]+|"")")]
    private static partial Regex Logged();

    [GeneratedRegex(@"`(\w+Pruner)`")]
    private static partial Regex Names();
}

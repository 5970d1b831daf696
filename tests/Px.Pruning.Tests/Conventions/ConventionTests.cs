using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Px.Pruning.Tests.Conventions;

/// <summary>Rules that hold for every type of a library, so that no review has to remember them.</summary>
public sealed partial class ConventionTests
{
    [Theory, MemberData(nameof(Libraries.Names), MemberType = typeof(Libraries))]
    public void PublicClasses_AreSealedStaticOrAbstract(string library)
    {
        var classes = Libraries.Load(library).GetExportedTypes().Where(type => type.IsClass).ToList();

        classes.Should().NotBeEmpty();
        classes.Where(type => !type.IsSealed && !type.IsAbstract).Should().BeEmpty("nobody has thought about deriving from them");
    }

    [Theory, MemberData(nameof(Libraries.Names), MemberType = typeof(Libraries))]
    public void PublicTypes_LiveUnderTheNameOfTheirLibrary(string library)
    {
        var types = Libraries.Load(library).GetExportedTypes();

        types.Should().NotBeEmpty();
        types.Should().OnlyContain(type => type.Namespace == library || type.Namespace!.StartsWith(library + "."));
    }

    [Fact]
    public void Reliability_NamesTestsThatExist()
    {
        string root = Libraries.RepositoryRoot();
        var named = TestClass().Matches(File.ReadAllText(Path.Combine(root, "docs", "reliability.md"))).ToList();
        var files = Directory.EnumerateFiles(Path.Combine(root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .GroupBy(Path.GetFileNameWithoutExtension).ToDictionary(group => group.Key!, group => string.Concat(group.Select(File.ReadAllText)));

        named.Should().HaveCountGreaterThan(20);
        named.Select(match => match.Groups[1].Value).Except(files.Keys).Should().BeEmpty();
        // Those that ./build.sh soak runs are marked.
        named.Where(match => match.Groups[2].Length > 0).Select(match => match.Groups[1].Value)
            .Where(name => !name.EndsWith("SoakTests") && !files[name].Contains("[Trait(\"Category\", \"Soak\")]")).Should().BeEmpty();
    }

    [GeneratedRegex(@"`(\w+Tests)`(\*?)")]
    private static partial Regex TestClass();

    [Fact]
    public void Pruners_NameTheirSourceCostLawAndDeviation()
    {
        var docs = Libraries.Documentation(Libraries.Core);
        var pruners = Libraries.Load(Libraries.Core).GetTypes().Where(type => typeof(IPruner).IsAssignableFrom(type) && !type.IsAbstract)
            .Except([typeof(CustomPruner)]).ToList();

        pruners.Should().NotBeEmpty();
        foreach (var pruner in pruners)
        {
            var headings = docs[$"T:{pruner.FullName}"].Descendants("b").Select(heading => heading.Value);
            headings.Should().Contain(["Cost:", "Law:", "Deviation:", "Source:"], "{0} is a published method", pruner.Name);
            docs[$"T:{pruner.FullName}"].Descendants("see").Select(link => link.Attribute("href")?.Value)
                .Should().Contain(link => link != null && link.StartsWith("https://"), "{0}'s source can be opened", pruner.Name);
        }
    }

    [Fact]
    public void Contributing_NamesSourcesThatExist()
    {
        string root = Libraries.RepositoryRoot();
        var named = System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(Path.Combine(root, "CONTRIBUTING.md")), @"src/[\w./]+\.cs");

        named.Should().HaveCountGreaterThan(7, "two ways through the library are listed");
        named.Select(match => match.Value).Should().OnlyContain(file => File.Exists(Path.Combine(root, file)));
    }

    [Fact]
    public void Settings_NameTheirDefault()
    {
        var docs = Libraries.Documentation(Libraries.Core);
        var settings = Libraries.Load(Libraries.Core).GetExportedTypes()
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) || typeof(IPruner).IsAssignableFrom(type) && !type.IsInterface)
            .SelectMany(type => type.GetProperties()).Where(property => property.CanWrite && property.SetMethod!.IsPublic).ToList();

        settings.Should().NotBeEmpty();
        foreach (var setting in settings)
        {
            docs[$"P:{setting.DeclaringType!.FullName}.{setting.Name}"].Value
                .Should().Contain("Default", "{0}.{1} has one", setting.DeclaringType.Name, setting.Name);
        }
    }

    [Theory, MemberData(nameof(Libraries.Names), MemberType = typeof(Libraries))]
    public void Documentation_SaysSomethingOfEveryMember(string library)
    {
        // That every public member has a comment at all is the compiler's business (CS1591 is an error).
        var docs = Libraries.Documentation(library);

        docs.Should().NotBeEmpty();
        docs.Where(doc => doc.Value.Descendants().Any(IsEmptyText)).Select(doc => doc.Key).Should().BeEmpty("an empty tag helps nobody");
    }

    [Fact]
    public void Core_DependsOnTorchSharpAndLoggingAlone() =>
        Dependencies(Libraries.Core).Should().BeEquivalentTo("TorchSharp", "Microsoft.Extensions.Logging.Abstractions");

    [Fact]
    public void Models_DependsOnTorchSharpAlone() =>
        Dependencies(Libraries.Models).Should().BeEquivalentTo("TorchSharp");

    [Theory, MemberData(nameof(Libraries.Names), MemberType = typeof(Libraries))]
    public void Sources_HoldNothingUnfinishedOrHidden(string library)
    {
        var files = Libraries.SourceFiles(library).ToList();

        files.Should().HaveCountGreaterThan(10);
        files.Where(file => File.ReadLines(file).Any(line => !line.TrimStart().StartsWith("///", StringComparison.Ordinal) && Unwanted().IsMatch(line)))
            .Select(file => Path.GetFileName(file)).Should().BeEmpty();
    }

    [Theory, MemberData(nameof(Libraries.Names), MemberType = typeof(Libraries))]
    public void Sources_StayShortEnoughToRead(string library)
    {
        var lengths = Libraries.SourceFiles(library).ToDictionary(file => file, file => File.ReadLines(file).Count());

        lengths.Should().HaveCountGreaterThan(10);
        lengths.Where(file => file.Value > 400).Should().BeEmpty("one concept a file");
        lengths.Values.Order().ElementAt(lengths.Count / 2).Should().BeLessThanOrEqualTo(100, "the median file is one concept");
    }

    [Theory, MemberData(nameof(Libraries.Names), MemberType = typeof(Libraries))]
    public void Sources_HaveLinesThatFitAScreen(string library)
    {
        var files = Libraries.SourceFiles(library).ToList();

        files.Should().HaveCountGreaterThan(10);
        files.SelectMany(file => File.ReadLines(file).Select((line, i) => (Place: $"{Path.GetFileName(file)}:{i + 1}", line.Length)))
            .Where(line => line.Length > 140).Should().BeEmpty("a line has at most 140 characters");
    }

    [Theory, MemberData(nameof(Libraries.Names), MemberType = typeof(Libraries))]
    public void Documentation_DescribesPublicMembersAlone(string library)
    {
        var visible = Libraries.Load(library).GetExportedTypes().SelectMany(VisibleMembers).ToHashSet();
        var described = Libraries.Documentation(library).Keys.Select(key => key[2..].Split('(')[0]).ToList();

        described.Should().HaveCountGreaterThan(100);
        described.Where(member => !visible.Contains(member)).Should().BeEmpty("internal members are explained in // comments");
    }

    private static IEnumerable<string> VisibleMembers(Type type) =>
        type.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static)
            .Where(member => member switch
            {
                MethodBase method => method.IsPublic || method.IsFamily,
                PropertyInfo property => property.GetMethod is { } get && (get.IsPublic || get.IsFamily),
                FieldInfo field => field.IsPublic || field.IsFamily,
                _ => true,
            })
            .Select(member => $"{type.FullName!.Replace('+', '.')}.{member.Name.Replace('.', '#')}{Arity(member)}")
            .Append(type.FullName!.Replace('+', '.'));

    private static string Arity(MemberInfo member) =>
        member is MethodInfo { IsGenericMethod: true } method ? $"``{method.GetGenericArguments().Length}" : "";

    private static IEnumerable<string> Dependencies(string library) =>
        Libraries.Load(library).GetReferencedAssemblies().Select(reference => reference.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && name is not ("netstandard" or "mscorlib"));

    private static bool IsEmptyText(XElement tag) =>
        tag.Name.LocalName is "summary" or "param" or "returns" or "exception" && tag.Value.Trim().Length == 0 && !tag.HasElements;

    [GeneratedRegex(@"#region|\bTODO\b|\bHACK\b|\bFIXME\b|NotImplementedException|Console\.Write|#pragma warning disable")]
    private static partial Regex Unwanted();
}

using System.Text.RegularExpressions;

namespace Px.Pruning.Tests.Conventions;

/// <summary>Which folder may know which, by what the compiled code names. The root is the vocabulary that all share, and the loop that joins them.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly Lazy<List<Arrow>> arrows = new(Find);

    [Theory]
    [InlineData("Engine", "Methods")]
    [InlineData("Engine", "Ranking")]
    [InlineData("Methods", "Ranking")]
    [InlineData("Methods", "Schedules")]
    [InlineData("Methods", "Analysis")]
    [InlineData("Methods", "Shrinking")]
    [InlineData("Masking", "Engine")]
    [InlineData("Data", "Engine")]
    [InlineData("Ranking", "Engine")]
    [InlineData("Schedules", "Engine")]
    [InlineData("Shrinking", "Methods")]
    [InlineData("Shrinking", "Analysis")]
    public void Folder_NeverNames(string from, string to) =>
        arrows.Value.Where(arrow => IsIn(arrow.From, from) && IsIn(arrow.To, to)).Should().BeEmpty();

    [Fact]
    public void Analysis_NamesAMethodInThePapersBoundAlone() =>
        arrows.Value.Where(arrow => IsIn(arrow.From, "Analysis") && IsIn(arrow.To, "Methods")).Should().NotBeEmpty()
            .And.OnlyContain(arrow => arrow.User == "PaperBound" && arrow.To == "Methods/PathExclusion");

    [Fact]
    public void Folders_HaveNoCycle()
    {
        var left = arrows.Value.Where(arrow => arrow.From != "" && arrow.To != "").ToList();
        left.Should().HaveCountGreaterThan(100, "there is something to look at");
        // Takes away, again and again, the arrows to folders that name no other. What is left lies on cycles or leads to one.
        int before;
        do
        {
            before = left.Count;
            var naming = left.Select(arrow => arrow.From).ToHashSet();
            left.RemoveAll(arrow => !naming.Contains(arrow.To));
        }
        while (left.Count < before);

        left.Should().BeEmpty();
    }

    [Fact]
    public void InternalTypes_AreInTheirFoldersNamespace() =>
        Homes().Where(home => Type(home.Key) is { IsPublic: false } type && type.Namespace != Namespace(home.Value)).Should().BeEmpty();

    private static List<Arrow> Find()
    {
        var homes = Homes();
        return
        [
            .. from home in homes
               let type = Type(home.Key)
               where type is not null
               from used in TypeReferences.Of(type)
               where homes.ContainsKey(used.Name) && homes[used.Name] != home.Value
               select new Arrow(home.Value, homes[used.Name], type.Name, used.Name),
        ];
    }

    private static Type? Type(string name) => Libraries.Load(Libraries.Core).GetTypes().FirstOrDefault(type => type.Name == name && !type.IsNested);

    private static string Namespace(string folder) => folder.Length == 0 ? Libraries.Core : $"{Libraries.Core}.{folder.Replace('/', '.')}";

    private static bool IsIn(string folder, string above) => folder == above || folder.StartsWith(above + "/", StringComparison.Ordinal);

    /// <summary>The folder of each type below src/Px.Pruning, "" for the root, by the name with which it is declared at the left margin.</summary>
    private static Dictionary<string, string> Homes() => Libraries.SourceFiles(Libraries.Core)
        .SelectMany(file => Declaration().Matches(File.ReadAllText(file)).Select(match => (match.Groups[1].Value, Folder(file))))
        .ToDictionary(home => home.Value, home => home.Item2);

    private static string Folder(string file)
    {
        string path = Path.GetDirectoryName(file)!.Replace('\\', '/');
        return path[(path.IndexOf("src/Px.Pruning", StringComparison.Ordinal) + "src/Px.Pruning".Length)..].TrimStart('/');
    }

    [GeneratedRegex(@"^(?:public|internal) [\w ]*\b(?:class|record struct|record|struct|interface|enum) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    private sealed record Arrow(string From, string To, string User, string Used)
    {
        public override string ToString() => $"{From}/{User} names {To}/{Used}";
    }
}

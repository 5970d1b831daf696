using System.Text.RegularExpressions;
using PublicApiGenerator;

namespace Px.Pruning.Tests.Conventions;

public sealed partial class PublicApiTests
{
    [Theory, MemberData(nameof(Libraries.Names), MemberType = typeof(Libraries))]
    public void PublicApi_OfEachLibrary_IsTheApprovedOne(string library)
    {
        var generated = Libraries.Load(library).GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false });
        var received = Qualifier().Replace(generated.ReplaceLineEndings("\n"), "").TrimEnd() + "\n";
        received.Should().Contain($"namespace {library}\n", "there is an API to look at");

        var approvedFile = Path.Combine(AppContext.BaseDirectory, "Conventions", $"{library}.approved.txt");
        var approved = File.Exists(approvedFile) ? File.ReadAllText(approvedFile).ReplaceLineEndings("\n") : "";
        if (received == approved) return;

        var receivedFile = Path.Combine(AppContext.BaseDirectory, $"{library}.received.txt");
        File.WriteAllText(receivedFile, received);
        Assert.Fail(
            $"The public API of {library} is not the approved one:\n\n{Difference(approved, received)}\n"
            + $"If that is meant, say so in CHANGELOG.md and approve it from the root of the repository:\n"
            + $"  cp '{receivedFile}' tests/Px.Pruning.Tests/Conventions/{library}.approved.txt\n");
    }

    [Fact]
    public void Difference_ChangedMember_ShowsBothUnderTheirType() =>
        Difference(
            "namespace N\n{\n    public class A\n    {\n        int X();\n        int Y();\n    }\n    public class B\n    {\n        int Z();\n    }\n}\n",
            "namespace N\n{\n    public class A\n    {\n        int X();\n        long Y();\n    }\n    public class B\n    {\n        int Z();\n    }\n}\n")
            .Should().Be("  N: public class A\n-         int Y();\n+         long Y();\n");

    /// <summary>The lines that only one of them has, each under the type that it belongs to.</summary>
    private static string Difference(string approved, string received)
    {
        var (before, after) = (ByType(approved), ByType(received));
        var lines = new List<string>();
        foreach (var type in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            var (gone, come) = (before.GetValueOrDefault(type, []), after.GetValueOrDefault(type, []));
            if (gone.SequenceEqual(come) && before.ContainsKey(type) == after.ContainsKey(type)) continue;
            lines.Add($"{(!before.ContainsKey(type) ? "+" : !after.ContainsKey(type) ? "-" : " ")} {type}");
            lines.AddRange(gone.Except(come).Select(line => "- " + line));
            lines.AddRange(come.Except(gone).Select(line => "+ " + line));
        }
        return string.Concat(lines.Select(line => line + "\n"));
    }

    // The members of each type, by its namespace and first line.
    private static Dictionary<string, List<string>> ByType(string api)
    {
        var types = new Dictionary<string, List<string>>();
        var (space, members) = ("", new List<string>());
        foreach (string line in api.Split('\n'))
        {
            if (line.StartsWith("namespace ", StringComparison.Ordinal)) space = line["namespace ".Length..];
            else if (TypeLine().IsMatch(line)) types[$"{space}: {line.Trim()}"] = members = [];
            else members.Add(line);
        }
        return types;
    }

    // "System.Collections.Generic." before a type, "Cifar100Labels." before a value: lines twice as long, and nothing to learn from them.
    [GeneratedRegex(@"(?<!namespace [\w.]*)\b(?:[A-Z]\w*\.)+(?=\w)")]
    private static partial Regex Qualifier();

    [GeneratedRegex(@"^    public .*\b(class|struct|interface|enum|delegate)\b")]
    private static partial Regex TypeLine();
}

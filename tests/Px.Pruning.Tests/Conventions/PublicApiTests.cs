namespace Px.Pruning.Tests.Conventions;

public sealed class PublicApiTests
{
    [Theory, MemberData(nameof(Libraries.Names), MemberType = typeof(Libraries))]
    public void PublicApi_OfEachLibrary_IsTheApprovedOne(string library)
    {
        var received = PublicApi.Describe(Libraries.Load(library));
        received.Should().Contain($"{library}: ", "there is an API to look at");

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
        Difference("N: class A\n    int X()\n    int Y()\n\nN: class B\n    int Z()\n", "N: class A\n    int X()\n    long Y()\n\nN: class B\n    int Z()\n")
            .Should().Be("  N: class A\n-     int Y()\n+     long Y()\n");

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

    private static Dictionary<string, string[]> ByType(string api) =>
        api.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(block => block.Trim('\n').Split('\n'))
            .ToDictionary(lines => lines[0], lines => lines[1..]);
}

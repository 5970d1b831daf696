using System.IO.Compression;
using Px.Fuzz;
using Px.Pruning.Tests.Building;

namespace Px.Pruning.Tests.Reliability;

/// <summary>Small files that <c>./build.sh fuzz</c> bred because each of them reaches code that none before it had reached.</summary>
public sealed class CorpusTests
{
    public static TheoryData<string> Targets => [.. FuzzTargets.All.Keys];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Attack_EveryFileOfTheCorpus_IsReadOrRefusedAsDocumented(string target)
    {
        using var corpus = ZipFile.OpenRead(Path.Combine(BuildFacts.Repository, "tests/Px.Pruning.Tests/Reliability/corpora", $"{target}.zip"));
        var (read, refused) = (0, 0);
        foreach (var entry in corpus.Entries)
        {
            using var file = new MemoryStream();
            using (var content = entry.Open()) content.CopyTo(file);

            if (FuzzTargets.All[target].Attack(file.ToArray())) read++;
            else refused++;
        }

        read.Should().BePositive("the corpus begins with whole files");
        refused.Should().BePositive();
    }
}

using Px.Pruning.Tests.Conventions;
using Px.Pruning.Tests.Networks.Known;

namespace Px.Pruning.Tests.Methods.Known;

/// <summary>Ten networks that people have against the sixteen pruners: right, or refused in words that help, as docs/networks.md says.</summary>
[Collection(SharedKnownRuns.Name)]
public class KnownNetworksTests(KnownRuns runs)
{
    public static TheoryData<string> Networks => [.. KnownNetworks.All.Keys];

    [Fact]
    public void Pruners_AreAllThatThePackageHas()
    {
        var all = typeof(IPruner).Assembly.GetExportedTypes().Where(type => !type.IsAbstract && typeof(IPruner).IsAssignableFrom(type));

        SixteenPruners.With(_ => { }).Select(pruner => pruner.GetType()).Append(typeof(CustomPruner)).Should().BeEquivalentTo(all);
    }

    /// <summary>Counts, bits and leaks are asserted where the pruners are run.</summary>
    [Theory, MemberData(nameof(Networks))]
    public void Prune_KnownNetwork_IsExactOrRefusedByTheNameOfAModuleWithPrunersThatAcceptIt(string network)
    {
        var answers = runs.Of(network);
        using var model = KnownNetworks.All[network].Create();
        var modules = model.named_modules().Select(module => module.name).ToHashSet();
        var accepting = answers.Where(answer => answer.Refusal is null).Select(answer => answer.Pruner).ToList();

        answers.Should().HaveCount(16);
        foreach (var answer in answers.Where(answer => answer.Refusal is not null))
        {
            var refusal = answer.Refusal!;
            modules.Should().Contain(refusal.Module, refusal.Message);
            refusal.Message.Should().Contain($"'{refusal.Module}'");
            refusal.Message.Split('\n').Should().ContainSingle("frames of native code help nobody");
            answer.Instead.Should().Contain(["IterativeMagnitudePruner", "MagnitudePruner", "RandomPruner"]);
            answer.Instead.Should().BeSubsetOf(accepting, $"{answer.Pruner} names them");
        }
    }

    /// <summary>PX_UPDATE_DOCS=1 in the environment writes the file.</summary>
    [Fact]
    public void Table_InDocs_IsWhatThePrunersAnswer()
    {
        string found = KnownTable.Write(KnownNetworks.All.Keys.ToDictionary(network => network, runs.Of));
        string file = Path.Combine(Libraries.RepositoryRoot(), "docs", "networks.md");
        string written = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "";
        if (found == written) return;
        if (Environment.GetEnvironmentVariable("PX_UPDATE_DOCS") == "1") File.WriteAllText(file, found);
        else Assert.Fail($"docs/networks.md is not what the pruners answer now:\n\n{found}\nIf that is meant, {KnownTable.Command} writes it.");
    }
}

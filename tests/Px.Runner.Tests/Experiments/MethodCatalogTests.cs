using Px.Pruning;
using Px.Runner.Experiments;

namespace Px.Runner.Tests.Experiments;

public sealed class MethodCatalogTests
{
    [Fact]
    public void Names_EveryMethodOfTheLibrary_HasOne()
    {
        var methods = typeof(IPruner).Assembly.GetExportedTypes().Where(type => type.IsAssignableTo(typeof(IPruner)) && !type.IsAbstract)
            .Except([typeof(CustomPruner)]).ToList();

        methods.Should().HaveCountGreaterThan(10);
        MethodCatalog.Published.Select(name => MethodCatalog.Create(name, (_, _) => { }, "none").GetType()).Should().BeEquivalentTo(methods);
        MethodCatalog.Names.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Variants_ComeWithATitleOfTheirOwnAndOneSettingThatDiffers()
    {
        MethodCatalog.Names.Should().Contain(
        [
            "px-joint", "px-kernel", "px-absolute", "px-running", "px-batch", "px-erk", "snip-erk", "synflow-erk", "widetopo", "widetopo-score",
            "magnitude-erk", "random-erk",
        ]);
        MethodCatalog.Names.Should().Contain(MethodCatalog.Published);
        MethodCatalog.Names.Select(MethodCatalog.TitleOf).Should().OnlyHaveUniqueItems();
        MethodCatalog.TitleOf("px").Should().Be("PX");
        MethodCatalog.TitleOf("px-joint").Should().Be("PX (joint)");
        MethodCatalog.TitleOf("random-erk").Should().Be("Random (ERK)");

        Px("px-joint").Objective.Should().Be(PxObjective.Joint);
        Px("px-kernel").Objective.Should().Be(PxObjective.KernelOnly);
        Px("px-absolute").Weighting.Should().Be(PxWeighting.Absolute);
        Px("px-running").NormStatistics.Should().Be(NormStatistics.Running);
        Px("px-batch").NormStatistics.Should().Be(NormStatistics.PruningBatch);
        var score = (WideTopoPruner)MethodCatalog.Create("widetopo-score");
        (score.DensityDecay, score.Restorations, score.AlignmentWeight).Should().Be((0, 0, 1));

        static PathExclusionPruner Px(string name) => (PathExclusionPruner)MethodCatalog.Create(name);
    }

    [Fact]
    public void ScopeOf_AMethod_IsGlobalUnlessItsNameSaysOtherwise()
    {
        foreach (var name in MethodCatalog.Names)
        {
            var expected = name.EndsWith("-erk", StringComparison.Ordinal) ? PruningScope.ErdosRenyiKernel : PruningScope.Global;
            MethodCatalog.ScopeOf(name, 0).Should().BeSameAs(expected, name);
            MethodCatalog.ScopeOf(name, 0.02).ToString().Should().Be(expected.WithMinimumDensity(0.02).ToString(), name);
        }
    }
}

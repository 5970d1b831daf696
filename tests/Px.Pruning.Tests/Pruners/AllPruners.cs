namespace Px.Pruning.Tests.Pruners;

/// <summary>Every pruner and variant, by name, for theories.</summary>
public static class AllPruners
{
    private static readonly Dictionary<string, IPruner> byName = new()
    {
        ["PX"] = new PathExclusionPruner(),
        ["PX joint"] = new PathExclusionPruner { Objective = PxObjective.Joint },
        ["PX running |theta|"] = new PathExclusionPruner { NormStatistics = NormStatistics.Running, Weighting = PxWeighting.Absolute },
        ["SNIP"] = new SnipPruner(),
        ["SNIP running"] = new SnipPruner { NormStatistics = NormStatistics.Running },
        ["Magnitude"] = new MagnitudePruner(),
        ["Random"] = new RandomPruner(),
    };

    public static TheoryData<string> Names => [.. byName.Keys];

    public static TheoryData<string> DataDriven => [.. byName.Where(p => p.Value.NeedsData).Select(p => p.Key)];

    public static IPruner Get(string name) => byName[name];
}

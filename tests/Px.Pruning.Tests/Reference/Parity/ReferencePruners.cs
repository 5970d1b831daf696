namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>The library's pruner with the settings of a golden file.</summary>
internal static class ReferencePruners
{
    /// <summary>The golden files whose method the library has.</summary>
    public static IEnumerable<string> Cases() => GoldenFolder.Cases().Where(name => Find(GoldenFile.Load(name)) is not null);

    public static IPruner Create(GoldenFile golden) =>
        Find(golden) ?? throw new ArgumentException($"The library has no {golden.Method}.", nameof(golden));

    private static IPruner? Find(GoldenFile golden) => golden.Method switch
    {
        "px" => new PathExclusionPruner
        {
            Objective = golden.Settings["objective"] == "joint" ? PxObjective.Joint : PxObjective.Decoupled,
            Weighting = golden.Settings["weighting"] == "absolute" ? PxWeighting.Absolute : PxWeighting.Squared,
            NormStatistics = Statistics(golden),
        },
        "snip" => new SnipPruner { NormStatistics = Statistics(golden) },
        "magnitude" => new MagnitudePruner(),
        _ => null,
    };

    private static NormStatistics Statistics(GoldenFile golden) => golden.Settings["norm_statistics"] switch
    {
        "running" => NormStatistics.Running,
        "batch" => NormStatistics.PruningBatch,
        var other => throw new InvalidDataException($"Unknown statistics '{other}'."),
    };
}

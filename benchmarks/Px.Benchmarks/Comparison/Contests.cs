using Px.Pruning;

namespace Px.Benchmarks.Comparison;

/// <summary>Every method that is compared, a line each.</summary>
internal static class Contests
{
    internal static IReadOnlyList<Contest> All { get; } =
    [
        new("PX", () => new PathExclusionPruner { NormStatistics = NormStatistics.PruningBatch }) { TimeTarget = 0.35, MemoryTarget = 0.5 },
        new("PX-running", () => new PathExclusionPruner { NormStatistics = NormStatistics.Running }) { TimeTarget = 0.35, MemoryTarget = 0.5 },
        new("PX-released", () => new ReleasedPathExclusionPruner()),
        new("SynFlow", () => new SynFlowPruner(), Rounds: 11) { TimeTarget = 0.8 },
        new("SynFlow-L2", () => new SynFlowL2Pruner(), Rounds: 11) { TimeTarget = 0.8 },
        new("LogSynFlow", () => new LogSynFlowPruner(), Rounds: 11) { TimeTarget = 0.8 },
        new("SNIP", () => new SnipPruner()) { TimeTarget = 1.05 },
        new("IterSNIP", () => new IterSnipPruner()) { TimeTarget = 1.05 },
        new("FORCE", () => new ForcePruner()) { TimeTarget = 1.05 },
        new("GraSP", () => new GraspPruner()) { TimeTarget = 0.9 },
        new("NTK-SAP", () => new NtkSapPruner { Repeats = 1, Samples = 128 }) { TimeTarget = 0.95, MemoryTarget = 0.5 },
        new("ProsPR", () => new ProsPrPruner(), Rounds: 1) { TimeTarget = 1.05 },
        new("PHEW", () => new PhewPruner(), Rounds: 1),
        new("Random", () => new RandomPruner(), Rounds: 11),
        new("Magnitude", () => new MagnitudePruner(), Rounds: 11),
    ];

    /// <summary>The contest of that name.</summary>
    internal static Contest Find(string name) => All.Single(contest => contest.Name == name);
}

using Px.Pruning;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Experiments;

/// <summary>The pruning methods, and variants of them that experiments compare, by the names that command lines use.</summary>
public static class MethodCatalog
{
    /// <summary>The method that trains between its rounds.</summary>
    public const string Imp = "imp";

    /// <summary>The method of the most passes: three series of rounds, each round of about twenty passes in float64.</summary>
    public const string WideTopo = "widetopo";

    private const string Erk = "ERK";

    private static readonly Entry[] BeforeTraining =
    [
        new("px", () => new PathExclusionPruner()),
        new("px-joint", () => new PathExclusionPruner { Objective = PxObjective.Joint }) { Variant = "joint" },
        new("px-kernel", () => new PathExclusionPruner { Objective = PxObjective.KernelOnly }) { Variant = "kernel only" },
        new("px-absolute", () => new PathExclusionPruner { Weighting = PxWeighting.Absolute }) { Variant = "absolute weights" },
        new("px-running", () => new PathExclusionPruner { NormStatistics = NormStatistics.Running }) { Variant = "running statistics" },
        new("px-batch", () => new PathExclusionPruner { NormStatistics = NormStatistics.PruningBatch }) { Variant = "batch statistics" },
        new("px-erk", () => new PathExclusionPruner()) { Variant = Erk, Scope = PruningScope.ErdosRenyiKernel },
        new("px-released", () => new ReleasedPathExclusionPruner()),
        new("snip", () => new SnipPruner()),
        new("snip-erk", () => new SnipPruner()) { Variant = Erk, Scope = PruningScope.ErdosRenyiKernel },
        new("iter-snip", () => new IterSnipPruner()),
        new("force", () => new ForcePruner()),
        new("grasp", () => new GraspPruner()),
        new("prospr", () => new ProsPrPruner()),
        new("synflow", () => new SynFlowPruner()),
        new("synflow-erk", () => new SynFlowPruner()) { Variant = Erk, Scope = PruningScope.ErdosRenyiKernel },
        new("synflow-l2", () => new SynFlowL2Pruner()),
        new("logsynflow", () => new LogSynFlowPruner()),
        new("ntk-sap", () => new NtkSapPruner()),
        new(WideTopo, () => new WideTopoPruner()),
        new("widetopo-score", () => new WideTopoPruner { DensityDecay = 0, Restorations = 0 }) { Variant = "score only" },
        new("phew", () => new PhewPruner()),
        new("magnitude", () => new MagnitudePruner()),
        new("magnitude-erk", () => new MagnitudePruner()) { Variant = Erk, Scope = PruningScope.ErdosRenyiKernel },
        new("random", () => new RandomPruner()),
        new("random-erk", () => new RandomPruner()) { Variant = Erk, Scope = PruningScope.ErdosRenyiKernel },
    ];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. BeforeTraining.Select(method => method.Name), Imp];

    /// <summary>The names of methods with their authors' settings: one for each of the library.</summary>
    public static IReadOnlyList<string> Published { get; } = [.. BeforeTraining.Where(method => method.Variant is null).Select(method => method.Name), Imp];

    /// <summary>Whether a method's authors run it in several rounds.</summary>
    public static bool Iterates(string name) => name == Imp || Create(name).DefaultRounds > 1;

    /// <summary>A method as the literature writes it, and what its variant changes.</summary>
    public static string TitleOf(string name) =>
        Create(name, (_, _) => { }, "").Name + (name != Imp && Find(name).Variant is { } variant ? $" ({variant})" : "");

    /// <summary>Which weights a method's are ranked against each other: all, unless its name says otherwise.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="minimumDensity">The least fraction of each layer to keep, in [0, 1); 0 for none.</param>
    public static PruningScope ScopeOf(string name, double minimumDensity)
    {
        var scope = name == Imp ? PruningScope.Global : Find(name).Scope;
        return minimumDensity > 0 ? scope.WithMinimumDensity(minimumDensity) : scope;
    }

    /// <summary>As many rounds as a method's authors run.</summary>
    public static int RoundsOf(IPruner pruner, double sparsity) =>
        pruner is IterativeMagnitudePruner ? IterativeMagnitudePruner.RoundsFor(sparsity) : pruner.DefaultRounds;

    /// <summary>A method that prunes before training, by its name: any of <see cref="Names"/> but <see cref="Imp"/>.</summary>
    public static IPruner Create(string name) => Find(name).Create();

    /// <summary>A method by its name, one of <see cref="Names"/>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="train">How IMP trains between its rounds.</param>
    /// <param name="checkpoint">The file that lets IMP go on after a round.</param>
    public static IPruner Create(string name, Action<Module<Tensor, Tensor>, ImpRound> train, string checkpoint) =>
        name == Imp ? new IterativeMagnitudePruner(train) { Checkpoint = checkpoint } : Create(name);

    private static Entry Find(string name) => BeforeTraining.First(method => method.Name == name);

    // Variant: what differs from the authors' settings; null for nothing.
    private sealed record Entry(string Name, Func<IPruner> Create)
    {
        public string? Variant { get; init; }

        public PruningScope Scope { get; init; } = PruningScope.Global;
    }
}

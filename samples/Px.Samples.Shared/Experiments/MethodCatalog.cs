using Px.Pruning;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Samples.Experiments;

/// <summary>The pruning methods by the names that command lines use.</summary>
public static class MethodCatalog
{
    /// <summary>The method that trains between its rounds.</summary>
    public const string Imp = "imp";

    private static readonly (string Name, Func<IPruner> Create)[] BeforeTraining =
    [
        ("px", () => new PathExclusionPruner()),
        ("px-released", () => new ReleasedPathExclusionPruner()),
        ("snip", () => new SnipPruner()),
        ("iter-snip", () => new IterSnipPruner()),
        ("force", () => new ForcePruner()),
        ("grasp", () => new GraspPruner()),
        ("prospr", () => new ProsPrPruner()),
        ("synflow", () => new SynFlowPruner()),
        ("synflow-l2", () => new SynFlowL2Pruner()),
        ("logsynflow", () => new LogSynFlowPruner()),
        ("ntk-sap", () => new NtkSapPruner()),
        ("phew", () => new PhewPruner()),
        ("magnitude", () => new MagnitudePruner()),
        ("random", () => new RandomPruner()),
    ];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. BeforeTraining.Select(method => method.Name), Imp];

    /// <summary>Whether a method's authors run it in several rounds.</summary>
    public static bool Iterates(string name) => name == Imp || Create(name).DefaultRounds > 1;

    /// <summary>A method as the literature writes it.</summary>
    public static string TitleOf(string name) => Create(name, (_, _) => { }, "").Name;

    /// <summary>A method that prunes before training, by its name: any of <see cref="Names"/> but <see cref="Imp"/>.</summary>
    public static IPruner Create(string name) => BeforeTraining.First(method => method.Name == name).Create();

    /// <summary>A method by its name, one of <see cref="Names"/>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="train">How IMP trains between its rounds.</param>
    /// <param name="checkpoint">The file that lets IMP go on after a round.</param>
    public static IPruner Create(string name, Action<Module<Tensor, Tensor>, ImpRound> train, string checkpoint) =>
        name == Imp ? new IterativeMagnitudePruner(train) { Checkpoint = checkpoint } : Create(name);
}

using System.Globalization;
using Px.Pruning.Tests.Networks;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>The library's pruner with the settings of a golden file.</summary>
internal static class ReferencePruners
{
    /// <summary>The golden files whose method the library has.</summary>
    public static IEnumerable<string> Cases() => GoldenFolder.Cases().Where(name => Find(GoldenFile.Load(name)) is not null);

    /// <param name="golden">The method and its settings.</param>
    /// <param name="roundsBefore">How many rounds the pruner's first one follows; draws differ from round to round.</param>
    public static IPruner Create(GoldenFile golden, int roundsBefore = 0) =>
        Find(golden, roundsBefore) ?? throw new ArgumentException($"The library has no {golden.Method}.", nameof(golden));

    /// <summary>Ten rounds on all data, in the golden file's batches.</summary>
    public static PruningOptions Options(GoldenFile golden) => new()
    {
        Rounds = golden.Rounds,
        Schedule = SparsitySchedule.Exponential,
        Data = DataBudget.All,
        BatchSize = (int)golden.Batches.Max(),
        Counting = golden.Counting switch
        {
            null => WeightCounting.Rounded,
            "truncated" => WeightCounting.Truncated,
            var other => throw new InvalidDataException($"Unknown counting '{other}'."),
        },
    };

    public static ScoreFamily Family(GoldenFile golden) => golden.Method switch
    {
        "px" or "synflow" or "synflow-l2" or "logsynflow" or "magnitude" => ScoreFamily.PathSum,
        "px-released" or "snip" or "itersnip" or "force" or "ntk-sap" => ScoreFamily.Gradient,
        "grasp" or "prospr" or "widetopo" => ScoreFamily.SecondOrder,
        var other => throw new ArgumentException($"What are the scores of {other} made of?", nameof(golden)),
    };

    private static IPruner? Find(GoldenFile golden, int roundsBefore = 0) => golden.Method switch
    {
        "px" => new PathExclusionPruner
        {
            Objective = golden.Settings["objective"] == "joint" ? PxObjective.Joint : PxObjective.Decoupled,
            Weighting = Weighting(golden),
            NormStatistics = Statistics(golden),
        },
        "snip" => new SnipPruner { NormStatistics = Statistics(golden), CountsBatchesAlike = true },
        "px-released" => new ReleasedPathExclusionPruner(),
        "synflow" => new SynFlowPruner(),
        "synflow-l2" => new SynFlowL2Pruner { Weighting = Weighting(golden) },
        "logsynflow" => new LogSynFlowPruner(),
        "itersnip" => new IterSnipPruner { NormStatistics = Statistics(golden), CountsBatchesAlike = true },
        "force" => new ForcePruner { NormStatistics = Statistics(golden), CountsBatchesAlike = true },
        "grasp" => new GraspPruner { Temperature = Number(golden, "temperature"), NormStatistics = Statistics(golden) },
        "prospr" => new ProsPrPruner
        {
            Steps = (int)Number(golden, "steps"),
            LearningRate = Number(golden, "learning_rate"),
            Momentum = Number(golden, "momentum"),
            FirstOrder = golden.Settings["first_order"] == "true",
            NormStatistics = Statistics(golden),
        },
        "ntk-sap" => new NtkSapPruner
        {
            Epsilon = Number(golden, "epsilon"),
            Repeats = (int)Number(golden, "repeats"),
            Samples = (int)golden.Batches.Sum(),
            Draws = new DeterministicDraws(golden.Seed, roundsBefore),
        },
        "widetopo" => new WideTopoPruner
        {
            NtkWeight = Number(golden, "ntk_weight"),
            AlignmentWeight = Number(golden, "alignment_weight"),
            Perturbation = Number(golden, "perturbation"),
            DensityDecay = Number(golden, "density_decay"),
            Restorations = (int)Number(golden, "restorations"),
            Draws = (name, shape) => WideTopoDraw(golden.Seed, roundsBefore, name, shape),
        },
        "magnitude" => new MagnitudePruner(),
        _ => null,
    };

    /// <summary>WideTopo's draws as Oracle/wide_topo.py makes them: uniform instead of normal. name: kind, round, batch or step, and what for.</summary>
    private static Tensor WideTopoDraw(ulong seed, int roundsBefore, string name, long[] shape)
    {
        var words = name.Split(' ');
        var round = (ulong)(roundsBefore + int.Parse(words[1], CultureInfo.InvariantCulture));
        var bound = Math.Sqrt(3);
        return DeterministicTensors.Uniform(string.Join('.', [words[0], .. words[2..]]), shape, -bound, bound, seed + 1000 * round);
    }

    private static PxWeighting Weighting(GoldenFile golden) =>
        golden.Settings.GetValueOrDefault("weighting") == "absolute" ? PxWeighting.Absolute : PxWeighting.Squared;

    private static double Number(GoldenFile golden, string setting) => double.Parse(golden.Settings[setting], CultureInfo.InvariantCulture);

    private static NormStatistics Statistics(GoldenFile golden) => golden.Settings["norm_statistics"] switch
    {
        "running" => NormStatistics.Running,
        "batch" => NormStatistics.PruningBatch,
        var other => throw new InvalidDataException($"Unknown statistics '{other}'."),
    };
}

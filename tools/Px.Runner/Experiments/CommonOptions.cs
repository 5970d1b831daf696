using System.Globalization;
using Px.Runner.CommandLines;
using Px.Runner.Training;

namespace Px.Runner.Experiments;

/// <summary>The part of the samples' command lines that is the same in each.</summary>
public static class CommonOptions
{
    private const int Many = 1_000_000;

    /// <summary>Adds what there is to say about pruning.</summary>
    public static OptionSet<T> AddPruning<T>(this OptionSet<T> set, T defaults)
        where T : ExperimentOptions => set
        .Add("--methods", "LIST", $"which methods, in this order, of {string.Join(", ", MethodCatalog.Names)} [{string.Join(",", defaults.Methods)}]",
            (options, value) => options with { Methods = value.List(item => item.OneOf(MethodCatalog.Names)) })
        .Add("--sparsity", "LIST", string.Create(CultureInfo.InvariantCulture, $"fractions of weights to remove, each in [0, 1) [{string.Join(",", defaults.Sparsities)}]"),
            (options, value) => options with { Sparsities = value.List(item => item.Fraction()) })
        .Add("--minimum-density", "X", "the least fraction of each layer that is kept, so that none is emptied [0]",
            (options, value) => options with { MinimumDensity = value.Fraction("each layer to keep") })
        .Add("--max-rounds", "N", "the most pruning rounds of methods that iterate [as many as their authors use: 100 for PX]",
            (options, value) => options with { MaxRounds = value.Whole(1, 10_000) })
        .Add("--seeds", "LIST", $"every network is made once for each: weights, data order, random masks [{string.Join(",", defaults.Seeds)}]",
            (options, value) => options with { Seeds = value.List(item => item.Whole(0, int.MaxValue)) })
        .AddFlag(["--no-dense"], "leave out the network that nothing is removed from", options => options with { Dense = false });

    /// <summary>Adds what there is to say about training.</summary>
    /// <param name="set">What is added to.</param>
    /// <param name="recipe">The defaults.</param>
    /// <param name="otherEpochs">When the epochs are others by default, and how many.</param>
    /// <param name="otherRates">When the rate is another by default, and which.</param>
    public static OptionSet<T> AddTraining<T>(this OptionSet<T> set, Recipe recipe, string otherEpochs = "", string otherRates = "")
        where T : ExperimentOptions => set
        .Add("--epochs", "N", $"passes over the training data; 0 only prunes [{recipe.Epochs}{otherEpochs}]", (options, value) => options with { Epochs = value.Whole(0, 10_000) })
        .Add("--batch", "N", $"samples a step [{recipe.BatchSize}]", (options, value) => options with { Batch = value.Whole(1, Many) })
        .Add("--accumulate", "N", "pieces that a batch goes through the network in, to save memory [1]",
            (options, value) => options with { Accumulate = value.Whole(1, 1000) })
        .Add("--optimizer", "NAME", "sgd or adam [sgd, as in the paper]",
            (options, value) => options with { Optimizer = value.OneOf(["sgd", "adam"]) == "adam" ? OptimizerKind.Adam : OptimizerKind.Sgd })
        .Add("--rate", "X", string.Create(CultureInfo.InvariantCulture, $"the highest learning rate [{recipe.LearningRate}{otherRates}; with adam 0.001]"),
            (options, value) => options with { LearningRate = value.Positive() })
        .Add("--train-samples", "N", "the most samples to train on [all]", (options, value) => options with { TrainSamples = value.Whole(1, Many) })
        .Add("--test-samples", "N", "the most samples to test on [all]", (options, value) => options with { TestSamples = value.Whole(1, Many) })
        .AddFlag(["--test-every-epoch"], "test after every epoch, and report the best", options => options with { TestEveryEpoch = true });

    /// <summary>Adds where to run, and where results go.</summary>
    public static OptionSet<T> AddRun<T>(this OptionSet<T> set, T defaults)
        where T : ExperimentOptions => set
        .Add("--device", "NAME", "cpu or cuda [cpu]", (options, value) => options with { Cuda = value.OneOf(Devices.Names) == "cuda" })
        .Add("--output", "FOLDER", $"where masks, weights, reports, checkpoints and results.csv go [{defaults.Output}]",
            (options, value) => options with { Output = value.Text })
        .AddFlag(["--resume"], "go on with the run in the output folder, which must have had the same options", options => options with { Resume = true });
}

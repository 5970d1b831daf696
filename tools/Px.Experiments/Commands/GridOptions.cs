using System.Globalization;
using Px.Experiments.Grids;
using Px.Experiments.Inputs;
using Px.Experiments.Running;
using Px.Runner;
using Px.Runner.CommandLines;
using Px.Runner.Experiments;

namespace Px.Experiments.Commands;

/// <summary>What <c>run</c> and <c>sweep</c> understand.</summary>
public static class GridOptions
{
    private const int Many = 10_000_000;

    /// <summary>Adds the grid.</summary>
    public static OptionSet<SweepOptions> AddGrid(this OptionSet<SweepOptions> set)
    {
        var grid = new Grid();
        return set
            .Add("--models", "LIST", $"{Architecture.Names[0]}, resnet14, resnet18, ... {Architecture.Names[^1]} [{grid.Models[0]}]",
                (options, value) => options with { Models = value.List(item => item.OneOf(Architecture.Names)) })
            .Add("--datasets", "LIST", $"of {string.Join(", ", GridCheck.Data)} [{grid.Data[0]}]", (options, value) => options with { DataSets = value.List(item => item.OneOf(GridCheck.Data)) })
            .Add("--initializations", "LIST", $"of {string.Join(", ", Initializations.Names)} [{grid.Initializations[0]}]",
                (options, value) => options with { Initializations = value.List(item => item.OneOf(Initializations.Names)) })
            .Add("--methods", "LIST", $"of {string.Join(", ", GridCheck.Methods)} [{string.Join(",", grid.Methods)}]",
                (options, value) => options with { Methods = value.List(item => item.OneOf(GridCheck.Methods)) })
            .Add("--sparsity", "LIST", string.Create(CultureInfo.InvariantCulture, $"fractions of weights to remove, or paper: {string.Join(", ", Protocols.PaperSparsities)} [{grid.Sparsities[0]}]"),
                (options, value) => options with { Sparsities = value.Given == "paper" ? Protocols.PaperSparsities : value.List(item => item.Fraction()) })
            .Add("--rounds", "LIST", "pruning rounds of methods that iterate [as many as their authors use]",
                (options, value) => options with { Rounds = value.List(item => item.Whole(1, 10_000)) })
            .Add("--seeds", "LIST", "weights, data order, random masks [1]", (options, value) => options with { Seeds = value.List(item => item.Whole(0, int.MaxValue)) })
            .AddNumber("--minimum-density", "X", "the least fraction of each layer that is kept [0]", value => value.Fraction("each layer to keep"), (grid, x) => grid with { MinimumDensity = x })
            .AddNumber("--scored-on", "NAME", "what methods score on: own, samples that the seed chooses; others, that another seed chooses; noise in their place [own]",
                value => value.OneOf(ScoredSamples.Names), (grid, name) => grid with { ScoredOn = name })
            .AddNumber("--epochs", "N", "passes over the training data; 0 only prunes [the paper's]", value => value.Whole(0, 10_000), (grid, n) => grid with { Epochs = n })
            .AddNumber("--batch", "N", "samples a step [the paper's]", value => value.Whole(1, Many), (grid, n) => grid with { Batch = n })
            .AddNumber("--rate", "X", "the highest learning rate [the paper's]", value => value.Positive(), (grid, x) => grid with { LearningRate = x })
            .AddNumber("--train-samples", "N", "the most samples to train on [all]", value => value.Whole(1, Many), (grid, n) => grid with { TrainSamples = n })
            .AddNumber("--test-samples", "N", "the most samples to test on [all]", value => value.Whole(1, Many), (grid, n) => grid with { TestSamples = n })
            .AddNumber("--spectrum-samples", "N", "samples of which the NTK's spectrum is taken after pruning [0: no spectrum]", value => value.Whole(0, Many), (grid, n) => grid with { SpectrumSamples = n })
            .AddNumber("--timing-repeats", "N", "how often pruning is timed [1]", value => value.Whole(1, 10_000), (grid, n) => grid with { TimingRepeats = n });
    }

    /// <summary>Adds where things are.</summary>
    public static OptionSet<SweepOptions> AddRun(this OptionSet<SweepOptions> set)
    {
        var defaults = new SweepOptions();
        return set
            .Add("--data", "PLACES", "a folder with the data set's files, CamVid's file, or NAME=PLACE,NAME=PLACE [caches of yours, downloaded to if they are empty]",
                (options, value) => options with { Data = new NamedPaths(value, GridCheck.Data) })
            .Add("--weights", "PLACES", $"files with pretrained weights: {string.Join(',', Initializations.Pretrained.Select(name => $"{name}=FILE"))}",
                (options, value) => options with { Weights = new NamedPaths(value, Initializations.Pretrained) })
            .Add("--output", "FOLDER", $"where results are, of this grid and of others [{defaults.Output}]", (options, value) => options with { Output = value.Text })
            .Add("--threads", "N", "threads of libtorch [its own choice]", (options, value) => options with { Threads = value.Whole(1, 1024) })
            .Add("--device", "NAME", "cpu or cuda [cpu]", (options, value) => options with { Cuda = value.OneOf(Devices.Names) == "cuda" })
            .Add("--log", "FILE", "append what is logged to a file", (options, value) => options with { Log = value.Text })
            .AddFlag(["--verbose"], "show what is logged", options => options with { Verbose = true })
            .AddFlag(["--retry"], "try networks again that could not be run", options => options with { Retry = true });
    }

    private static OptionSet<SweepOptions> AddNumber<T>(this OptionSet<SweepOptions> set, string name, string argument, string help, Func<Value, T> read, Func<Grid, T, Grid> apply) =>
        set.Add(name, argument, help, (options, value) =>
        {
            var (before, number) = (options.Change, read(value));
            return options with { Change = grid => apply(before(grid), number) };
        });
}

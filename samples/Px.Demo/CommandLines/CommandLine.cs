using System.Globalization;
using Px.Runner;
using Px.Runner.CommandLines;

namespace Px.Demo.CommandLines;

/// <summary>What the demo understands.</summary>
internal static class CommandLine
{
    private const int TrainImages = 60_000;
    private const int TestImages = 10_000;

    private static readonly OptionSet<DemoOptions> Options = Define(new DemoOptions());

    /// <summary>The text of <c>--help</c>.</summary>
    public static string Help => $"""
        Prunes a ResNet-20 before training, trains what is left on Fashion-MNIST, and compares the methods.

        {Options.Describe()}
        """;

    /// <summary>The options, wherever <c>--quick</c> stands: it changes the defaults, and what is given explicitly wins.</summary>
    /// <exception cref="UsageException">An option is unknown, lacks its value, or has one out of range.</exception>
    public static DemoOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = Options.Parse(arguments);
        return options.Batch <= options.TrainSamples
            ? options
            : throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"--batch {options.Batch} is more than the {options.TrainSamples} images of --train-samples"));
    }

    private static OptionSet<DemoOptions> Define(DemoOptions defaults) => new OptionSet<DemoOptions>(defaults)
        .Add("--methods", "LIST", $"which methods, in this order [{string.Join(",", PruningMethods.Names)}]",
            (options, value) => options with { Methods = value.List(item => item.OneOf(PruningMethods.Names)) })
        .Add("--sparsity", "LIST", string.Create(CultureInfo.InvariantCulture, $"fractions of weights to remove, each in [0, 1) [{string.Join(",", defaults.Sparsities)}]"),
            (options, value) => options with { Sparsities = value.List(item => item.Fraction()) })
        .Add("--rounds", "N", $"pruning rounds of every method [as many as the method's authors use, but at most {PruningMethods.MostRoundsByDefault}: "
            + $"{PruningMethods.MostRoundsByDefault} for PX, 1 for the single-shot methods]", (options, value) => options with { Rounds = value.Whole(1, 10_000) })
        .Add("--epochs", "N", $"passes over the training images [{defaults.Epochs}]", (options, value) => options with { Epochs = value.Whole(1, 10_000) })
        .Add("--train-samples", "N", $"training images, 1 to 60000 [{defaults.TrainSamples}]", (options, value) => options with { TrainSamples = value.Whole(1, TrainImages) })
        .Add("--test-samples", "N", $"test images, 1 to 10000 [{defaults.TestSamples}]", (options, value) => options with { TestSamples = value.Whole(1, TestImages) })
        .Add("--batch", "N", $"images in a training batch [{defaults.Batch}]", (options, value) => options with { Batch = value.Whole(2, TrainImages) })
        .Add("--seed", "N", $"decides initial weights, data order and random masks, the same for every network [{defaults.Seed}]",
            (options, value) => options with { Seed = value.Whole(0, int.MaxValue) })
        .Add("--device", "NAME", "cpu or cuda [cpu]", (options, value) => options with { Cuda = value.OneOf(Devices.Names) == "cuda" })
        .Add("--data", "FOLDER", "where the four files of Fashion-MNIST lie [the Debian package's folder, or else a cache folder of yours, downloaded to if it is empty]",
            (options, value) => options with { Data = value.Text })
        .Add("--output", "FOLDER", $"where masks, weights, reports and results.csv go [{defaults.Output}]", (options, value) => options with { Output = value.Text })
        .AddFlag(["--quick"], "a minute's run: few images, one sparsity, two rounds; other options still count", options => options.Quick())
        .AddFlag(["--help", "-h"], "this text", options => options);
}

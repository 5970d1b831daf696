using Px.Runner.CommandLines;
using Px.Runner.Experiments;
using Px.Runner.Images;
using Px.Runner.Training;

namespace Px.Samples.VggSample;

/// <summary>What the command line asks for.</summary>
public sealed record VggSampleOptions : ExperimentOptions
{
    /// <summary>The data set, one of <see cref="KnownImages"/>.</summary>
    public string Dataset { get; init; } = KnownImages.Cifar100;

    /// <summary>11, 13, 16 or 19.</summary>
    public int Depth { get; init; } = 16;

    /// <summary>The channels of the first stage.</summary>
    public int Width { get; init; } = 64;

    /// <summary>The paper's recipe for CIFAR-100, in fewer epochs.</summary>
    public static Recipe FromScratch { get; } = PaperRecipes.Cifar100 with { Epochs = 10 };

    /// <summary>What the sample understands.</summary>
    public static OptionSet<VggSampleOptions> Define()
    {
        var defaults = new VggSampleOptions { Output = "vgg-output" };
        string[] datasets = [KnownImages.Cifar100, KnownImages.Cifar10, KnownImages.Synthetic];
        return new OptionSet<VggSampleOptions>(defaults)
            .Add("--dataset", "NAME", $"{string.Join(", ", datasets)}; the last two are stand-ins where CIFAR-100 is absent [{defaults.Dataset}]",
                (options, value) => options with { Dataset = value.OneOf(datasets) })
            .Add("--data", "FOLDER", "where the data set's files lie [a cache folder of yours, downloaded to if it is empty]", (options, value) => options with { Data = value.Text })
            .Add("--depth", "N", $"11, 13, 16 or 19 [{defaults.Depth}]",
                (options, value) => options with { Depth = int.Parse(value.OneOf(["11", "13", "16", "19"]), System.Globalization.CultureInfo.InvariantCulture) })
            .Add("--width", "N", $"the channels of the first stage; less for small machines [{defaults.Width}]", (options, value) => options with { Width = value.Whole(1, 1024) })
            .AddPruning(defaults)
            .AddTraining(FromScratch)
            .AddRun(defaults);
    }
}

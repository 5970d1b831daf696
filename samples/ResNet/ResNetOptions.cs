using Px.Samples.CommandLines;
using Px.Samples.Experiments;
using Px.Samples.Images;
using Px.Samples.Training;

namespace Px.Samples.ResNetSample;

/// <summary>What the command line asks for.</summary>
public sealed record ResNetOptions : SampleOptions
{
    /// <summary>The data set, one of <see cref="KnownImages"/>.</summary>
    public string Dataset { get; init; } = KnownImages.Cifar10;

    /// <summary>The depth: 6n + 2 up to 110 in the layout for small images; 18, 34, 50, 101 and 152 in torchvision's, with a 3×3 stem.</summary>
    public int Depth { get; init; } = 20;

    /// <summary>Whether stages of the small layout are joined by zero padding (option A) and not by projections.</summary>
    public bool ZeroPadding { get; init; }

    /// <summary>Whether pixels are normalised with ImageNet's statistics.</summary>
    public bool ImageNetStatistics { get; init; }

    /// <summary>A file with pretrained weights; null to train from scratch.</summary>
    public string? Weights { get; init; }

    /// <summary>Whether the file's classifier, made for other classes, is replaced by a new one.</summary>
    public bool NewClassifier { get; init; }

    /// <summary>How a network is trained from scratch: the paper's recipe for CIFAR-10, in fewer epochs.</summary>
    public static Recipe FromScratch { get; } = PaperRecipes.Cifar10 with { Epochs = 10 };

    /// <summary>How pretrained weights are fine-tuned.</summary>
    public static Recipe FineTune { get; } = PaperRecipes.Cifar10 with { Epochs = 2, LearningRate = 0.01 };

    /// <summary>The recipe with what the command line changes of it.</summary>
    public Recipe Recipe() => Apply(Weights is null ? FromScratch : FineTune);

    /// <summary>What the sample understands.</summary>
    public static OptionSet<ResNetOptions> Define()
    {
        var defaults = new ResNetOptions { Output = "resnet-output" };
        string[] datasets = [KnownImages.Cifar10, KnownImages.FashionMnist];
        return new OptionSet<ResNetOptions>(defaults)
            .Add("--dataset", "NAME", $"{string.Join(" or ", datasets)} [{defaults.Dataset}]", (options, value) => options with { Dataset = value.OneOf(datasets) })
            .Add("--data", "FOLDER", "where the data set's files lie [a cache folder of yours, downloaded to if it is empty; for Fashion-MNIST the Debian package's folder first]",
                (options, value) => options with { Data = value.Text })
            .Add("--depth", "N", $"8, 14, 20, 26, ... for the networks for small images; 18, 34, 50, 101, 152 for torchvision's with a 3x3 stem [{defaults.Depth}]",
                (options, value) => options with { Depth = value.Whole(8, 152) })
            .Add("--weights", "FILE", "pretrained weights, .safetensors, .pth or .pt: prune them and fine-tune [none: from scratch]",
                (options, value) => options with { Weights = value.Text })
            .AddFlag(["--new-classifier"], "with --weights: the file's classifier is for other classes; begin with a new one", options => options with { NewClassifier = true })
            .AddFlag(["--zero-padding"], "join the stages of small networks without weights (option A), not by projections", options => options with { ZeroPadding = true })
            .AddFlag(["--imagenet-statistics"], "normalise pixels with the statistics of ImageNet, not the data set's own", options => options with { ImageNetStatistics = true })
            .AddPruning(defaults)
            .AddTraining(FromScratch, $"; with --weights {FineTune.Epochs}", $"; with --weights {FineTune.LearningRate}")
            .AddRun(defaults);
    }
}

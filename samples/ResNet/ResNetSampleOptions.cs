using Px.Pruning.Models;
using Px.Runner.CommandLines;
using Px.Runner.Experiments;
using Px.Runner.Images;
using Px.Runner.Training;

namespace Px.Samples.ResNetSample;

/// <summary>What the command line asks for.</summary>
public sealed record ResNetSampleOptions : ExperimentOptions
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

    /// <summary>The pre-training that <see cref="Weights"/> comes from, whose classifier is replaced; null where the file is of the network itself.</summary>
    public Pretraining? Pretraining { get; init; }

    /// <summary>Rows and columns that images are resized to; null to leave them.</summary>
    public int? ImageSize { get; init; }

    /// <summary>Whether a network is trained from scratch by <see cref="FewEpochs"/>, on images that are mirrored only.</summary>
    public bool Demo { get; init; }

    /// <summary>How a network is trained from scratch: the paper's recipe for CIFAR-10, in fewer epochs.</summary>
    public static Recipe FromScratch { get; } = PaperRecipes.Cifar10 with { Epochs = 10 };

    /// <summary>How a network is trained in two epochs: the rate falls along a cosine.</summary>
    public static Recipe FewEpochs { get; } = new() { LearningRate = 0.1, Schedule = new CosineSchedule(), Epochs = 2, BatchSize = 64 };

    /// <summary>How a network that has learned something else is trained: the paper's recipe for transfer, in fewer epochs.</summary>
    public static Recipe Transfer { get; } = PaperRecipes.Transfer with { Epochs = 10 };

    /// <summary>The recipe with what the command line changes of it.</summary>
    public Recipe Recipe() => Apply(Weights is null ? (Demo ? FewEpochs : FromScratch) : Pretraining is null ? OwnRecipes.FineTune : Transfer);

    /// <summary>These options with a part of Fashion-MNIST and few rounds: a quarter of an hour on two cores.</summary>
    public ResNetSampleOptions AsDemo() => this with
    {
        Demo = true, Dataset = KnownImages.FashionMnist, TrainSamples = 10_000, TestSamples = 5_000, Sparsities = [0.9, 0.98], MaxRounds = 10, Output = "demo-output",
    };

    /// <summary>These options with the small numbers of a minute: enough to see that all of it works, not to learn anything from the table.</summary>
    public ResNetSampleOptions AsQuick() => this with { Epochs = 1, TrainSamples = 1280, TestSamples = 500, Batch = 32, Sparsities = [0.9], MaxRounds = 2 };

    /// <summary>What the sample understands.</summary>
    public static OptionSet<ResNetSampleOptions> Define()
    {
        var defaults = new ResNetSampleOptions { Output = "resnet-output" };
        string[] datasets = [KnownImages.Cifar10, KnownImages.FashionMnist];
        return new OptionSet<ResNetSampleOptions>(defaults)
            .Add("--dataset", "NAME", $"{string.Join(" or ", datasets)} [{defaults.Dataset}]", (options, value) => options with { Dataset = value.OneOf(datasets) })
            .Add("--data", "FOLDER", "where the data set's files lie [a cache folder of yours, downloaded to if it is empty; for Fashion-MNIST the Debian package's folder first]",
                (options, value) => options with { Data = value.Text })
            .Add("--depth", "N", $"8, 14, 20, 26, ... for the networks for small images; 18, 34, 50, 101, 152 for torchvision's with a 3x3 stem [{defaults.Depth}]",
                (options, value) => options with { Depth = value.Whole(8, 152) })
            .Add("--weights", "FILE", "pretrained weights, .safetensors, .pth or .pt: prune them and fine-tune [none: from scratch]",
                (options, value) => options with { Weights = value.Text })
            .Add("--pretraining", "NAME", "with --weights: what the file has learned, imagenet, moco (v2) or clip; its classifier is replaced [none: it is a file of the network itself]",
                (options, value) => options with { Pretraining = WeightFile.Pretrainings[value.OneOf([.. WeightFile.Pretrainings.Keys])] })
            .Add("--image-size", "N", "resize images; 224 is the paper's choice with --pretraining [as they are]", (options, value) => options with { ImageSize = value.Whole(8, 1024) })
            .AddFlag(["--zero-padding"], "join the stages of small networks without weights (option A), not by projections", options => options with { ZeroPadding = true })
            .AddFlag(["--imagenet-statistics"], "normalise pixels with the statistics of ImageNet, not the data set's own", options => options with { ImageNetStatistics = true })
            .AddFlag(["--demo"], "10,000 images of Fashion-MNIST, two epochs, at most ten rounds, 90 and 98 % removed; other options still count", options => options.AsDemo())
            .AddFlag(["--quick"], "a minute's run: few images, an epoch, one sparsity, two rounds; other options still count", options => options.AsQuick())
            .AddPruning(defaults)
            .AddTraining(FromScratch, $"; with --weights alone {OwnRecipes.FineTune.Epochs}", $"; with --weights alone {OwnRecipes.FineTune.LearningRate}")
            .AddRun(defaults);
    }
}

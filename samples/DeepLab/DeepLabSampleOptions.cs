using Px.Pruning.Models;
using Px.Runner.CommandLines;
using Px.Runner.Experiments;
using Px.Runner.Images;
using Px.Runner.Networks;
using Px.Runner.Training;

namespace Px.Samples.DeepLabSample;

/// <summary>What the command line asks for. The defaults are a small network for a machine without a GPU; the README says which options give the paper's.</summary>
public sealed record DeepLabSampleOptions : ExperimentOptions
{
    /// <summary><c>camvid</c> or <c>voc2012</c>.</summary>
    public string Dataset { get; init; } = SegmentationSets.CamVid;

    /// <summary>The backbone's depth: 18, 34, 50 or 101.</summary>
    public int Depth { get; init; } = KnownNetworks.SmallDeepLab.Depth;

    /// <summary>The channels of the backbone's stem.</summary>
    public int Width { get; init; } = KnownNetworks.SmallDeepLab.Width;

    /// <summary>The channels of pyramid and decoder.</summary>
    public int HeadChannels { get; init; } = KnownNetworks.SmallDeepLab.HeadChannels;

    /// <summary>8 or 16.</summary>
    public int OutputStride { get; init; } = KnownNetworks.SmallDeepLab.OutputStride;

    /// <summary>The side of the squares that are cut out of Pascal VOC's images.</summary>
    public int Crop { get; init; } = SegmentationSets.UsualCrop;

    /// <summary>A file with pretrained weights for the backbone; null to train from scratch.</summary>
    public string? Weights { get; init; }

    /// <summary>The pre-training that <see cref="Weights"/> comes from.</summary>
    public Pretraining Pretraining { get; init; } = Pretraining.ImageNet;

    /// <summary>Training images that the methods score on, at least 1.</summary>
    public int PruningImages { get; init; } = SegmentationSets.FewPruningImages;

    /// <summary>Test images of which overlays are written, 0 or more.</summary>
    public int Overlays { get; init; } = 4;

    /// <summary>With a pretrained backbone: the paper's recipe, in fewer epochs.</summary>
    public static Recipe FineTune { get; } = PaperRecipes.Voc2012 with { Epochs = 10, BatchSize = 16 };

    /// <summary>The recipe with what the command line changes of it.</summary>
    public Recipe Recipe() => Apply(Weights is null ? OwnRecipes.Segmentation : FineTune);

    /// <summary>What the sample understands.</summary>
    public static OptionSet<DeepLabSampleOptions> Define()
    {
        var defaults = new DeepLabSampleOptions { Output = "deeplab-output", Methods = ["px", "random"], Sparsities = [0.59] };
        string[] datasets = [SegmentationSets.CamVid, SegmentationSets.Voc2012];
        return new OptionSet<DeepLabSampleOptions>(defaults)
            .Add("--dataset", "NAME", $"{string.Join(" or ", datasets)} [{defaults.Dataset}]", (options, value) => options with { Dataset = value.OneOf(datasets) })
            .Add("--data", "PATH", "CamVid's safetensors file; for voc2012 the folder with VOCdevkit [a cache folder of yours, downloaded to if it is empty]",
                (options, value) => options with { Data = value.Text })
            .Add("--depth", "N", $"the ResNet of the backbone: 18, 34, 50 or 101 [{defaults.Depth}]",
                (options, value) => options with { Depth = int.Parse(value.OneOf(["18", "34", "50", "101"]), System.Globalization.CultureInfo.InvariantCulture) })
            .Add("--width", "N", $"the channels of its stem [{defaults.Width}; published: 64]", (options, value) => options with { Width = value.Whole(1, 1024) })
            .Add("--head", "N", $"the channels of pyramid and decoder [{defaults.HeadChannels}; published: 256]", (options, value) => options with { HeadChannels = value.Whole(1, 4096) })
            .Add("--stride", "N", $"the output stride, 8 or 16 [{defaults.OutputStride}]",
                (options, value) => options with { OutputStride = value.OneOf(["8", "16"]) == "8" ? 8 : 16 })
            .Add("--crop", "N", $"for voc2012: the side of the squares cut out [{defaults.Crop}]", (options, value) => options with { Crop = value.Whole(32, 4096) })
            .Add("--weights", "FILE", "pretrained weights for the backbone, .safetensors, .pth or .pt [none: from scratch]", (options, value) => options with { Weights = value.Text })
            .Add("--pretraining", "NAME", "what the file has learned: imagenet, moco (v2) or clip [imagenet]",
                (options, value) => options with { Pretraining = WeightFile.Pretrainings[value.OneOf([.. WeightFile.Pretrainings.Keys])] })
            .Add("--pruning-images", "N", $"images that the methods score on [{defaults.PruningImages}]", (options, value) => options with { PruningImages = value.Whole(1, 10_000) })
            .Add("--overlays", "N", $"test images to write as PNG: image, truth, prediction, and a legend [{defaults.Overlays}]", (options, value) => options with { Overlays = value.Whole(0, 10_000) })
            .AddPruning(defaults)
            .AddTraining(OwnRecipes.Segmentation, otherRates: $"; with --weights {FineTune.LearningRate}, a tenth of that for the backbone")
            .AddRun(defaults);
    }
}

using Px.Experiments.Inputs;
using Px.Runner.Images;

namespace Px.Experiments.Grids;

/// <summary>Grids that ask which method to take where networks are not fresh, or do not classify. One thread makes each in three hours at most.</summary>
internal static class EvidenceGrids
{
    private static readonly int[] Seeds = [1, 2, 3];

    private static readonly Grid FineTuned = new()
    {
        Data = [KnownImages.Cifar10],
        Initializations = [Initializations.Cifar10],
        Methods = [Cell.Dense, "px", "px-released", "px-joint", "snip", "synflow", "magnitude", "magnitude-erk", "random", "random-erk"],
        Sparsities = [0.5904, 0.8322, 0.95],
        Seeds = Seeds,
        Epochs = 1,
    };

    /// <summary>A ResNet-20 that has learned CIFAR-10: does PX in any of its forms beat Magnitude?</summary>
    public static IReadOnlyList<Grid> Pretrained { get; } =
    [
        FineTuned,
        // Long enough to recover, for those that are asked about.
        FineTuned with { Methods = [Cell.Dense, "px", "px-released", "px-joint", "magnitude", "magnitude-erk"], Epochs = 5 },
    ];

    private static readonly Grid Scenes = new()
    {
        Models = [Architecture.SmallDeepLab],
        Data = [SegmentationSets.CamVid],
        Methods = [Cell.Dense, "px", "px-erk", "snip", "magnitude", "magnitude-erk", "random", "random-erk"],
        Sparsities = [0.36, 0.5904, 0.8322],
        Seeds = Seeds,
        Epochs = 10,
    };

    /// <summary>A small DeepLabV3+ on CamVid: all weights against each other, layers by their share, and PX with a floor, with which it empties no shortcut.</summary>
    public static IReadOnlyList<Grid> Segmentation { get; } = [Scenes, Scenes with { Methods = ["px"], MinimumDensity = 0.01 }];
}

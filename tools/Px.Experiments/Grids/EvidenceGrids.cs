using Px.Experiments.Inputs;
using Px.Experiments.Running;
using Px.Runner.Images;

namespace Px.Experiments.Grids;

/// <summary>Grids that ask which method to take where networks are not fresh, or do not classify. One thread makes each in three hours at most.</summary>
internal static class EvidenceGrids
{
    private static readonly int[] Seeds = [1, 2, 3];

    // Those whose scores depend on the data by more than norm statistics.
    private static readonly string[] OfData = ["px", "px-joint"];

    private static readonly Grid FineTuned = new()
    {
        Data = [KnownImages.Cifar10],
        Initializations = [Initializations.Cifar10],
        Methods = [Cell.Dense, "px", "px-released", "px-joint", "snip", "synflow", "magnitude", "magnitude-erk", "random-erk"],
        Sparsities = [0.5904, 0.8322, 0.95],
        Seeds = Seeds,
        Epochs = 1,
    };

    private static readonly Grid Scenes = new()
    {
        Models = [Architecture.SmallDeepLab],
        Data = [SegmentationSets.CamVid],
        Methods = [Cell.Dense, "px", "px-joint", "px-erk", "snip", "magnitude", "magnitude-erk", "random", "random-erk"],
        Sparsities = [0.36, 0.5904, 0.8322],
        Rounds = [20],
        Seeds = Seeds,
        Epochs = 10,
    };

    /// <summary>A ResNet-20 that has learned CIFAR-10: does PX in any of its forms beat Magnitude?</summary>
    public static IReadOnlyList<Grid> Pretrained { get; } =
    [
        FineTuned,
        // Longer, for those that the question is about, where most is to be recovered.
        FineTuned with { Methods = [Cell.Dense, "px", "px-released", "px-joint", "magnitude"], Sparsities = [0.95], Epochs = 5 },
    ];

    /// <summary>What the data of PX change: the same weights scored on other samples and on noise, on fresh networks that are trained, and on pretrained ones that are not.</summary>
    /// <param name="fresh">The networks of which all else is known: those of <c>evidence-fresh</c>.</param>
    public static IReadOnlyList<Grid> DataTerm(Grid fresh)
    {
        var trained = fresh with { Methods = [Cell.Dense, .. OfData, "px-kernel"], Sparsities = [0.982] };
        var masks = FineTuned with { Methods = [.. OfData, "px-kernel", "px-absolute", "snip"], Sparsities = [0.8322, 0.95], Epochs = 0 };
        return
        [
            trained,
            trained with { Methods = ["px"], ScoredOn = ScoredSamples.Others },
            trained with { Methods = OfData, ScoredOn = ScoredSamples.Noise },
            // Seeds share the pretrained weights: there they tell samples apart.
            masks,
            masks with { Methods = [.. OfData, "snip"], ScoredOn = ScoredSamples.Noise },
        ];
    }

    /// <summary>A small DeepLabV3+ on CamVid: all weights against each other, layers by their share, and PX with a floor, since it empties the decoder's shortcut.</summary>
    public static IReadOnlyList<Grid> Segmentation { get; } = [Scenes, Scenes with { Methods = ["px"], MinimumDensity = 0.1 }];
}

using Px.Runner.CommandLines;
using Px.Runner.Experiments;
using Px.Runner.Images;

namespace Px.Experiments.Grids;

/// <summary>The grids of the paper's figures and tables by name, and small ones for machines without a GPU.</summary>
/// <remarks>
/// Source: Iurada, Ciccone, Tommasi, CVPR 2024, <see href="https://arxiv.org/abs/2406.01820"/>, section 5 and its appendix: methods that iterate do so in a
/// hundred rounds, three seeds, recipes of <see cref="Px.Runner.Training.PaperRecipes"/>.
/// </remarks>
public static class Protocols
{
    private const int PaperRounds = 100;
    private static readonly string[] Compared = ["px", "ntk-sap", "synflow", "snip", "grasp", "random", "magnitude"];
    private static readonly Grid Paper = new() { Methods = [Cell.Dense, .. Compared], Sparsities = PaperSparsities, Rounds = [PaperRounds], Seeds = [1, 2, 3] };

    // WideTopo would take longer than all others together.
    private static readonly string[] Brief = [.. MethodCatalog.Published.Where(method => method is not (MethodCatalog.Imp or MethodCatalog.WideTopo))];

    private static readonly Grid Timed = new()
    {
        Data = [KnownImages.FashionMnist],
        Methods = Brief,
        Sparsities = [0.982],
        Epochs = 0,
        TrainSamples = 1000,
        TestSamples = 100,
    };

    // All published methods and the variants that they are to be told from; rounds as their authors have them.
    private static readonly string[] Candidates = [.. Brief, "px-joint", "random-erk", "magnitude-erk"];

    private static readonly Grid Evidence = new()
    {
        Data = [KnownImages.FashionMnist],
        Methods = [Cell.Dense, .. Candidates],
        Seeds = [1, 2, 3, 4, 5],
        Epochs = 8,
        Batch = 32,
        TrainSamples = 3000,
        TestSamples = 2000,
    };

    // The extreme first, where methods differ, so that an interrupted sweep has it for every seed.
    private static readonly double[] EvidenceSparsities = [0.982, 0.956, 0.993, 0.9];

    private static readonly Grid EvidenceSpectra = Evidence with { Sparsities = [0.9312, 0.982], Seeds = [1], Epochs = 0, SpectrumSamples = 50 };

    private static readonly IReadOnlyList<(string Name, string Summary, IReadOnlyList<Grid> Grids)> All =
    [
        ("fig2-cifar10", "Figure 2: ResNet-20 on CIFAR-10", [Paper]),
        ("fig2-cifar100", "Figure 2: VGG-16 on CIFAR-100", [Paper with { Models = ["vgg16"], Data = [KnownImages.Cifar100] }]),
        ("fig2-tiny", "Figure 2: ResNet-18 on Tiny-ImageNet", [Paper with { Models = ["resnet18"], Data = [KnownImages.TinyImageNet] }]),
        ("table1", "Table 1: ResNet-50 on ImageNet", [Paper with { Models = ["resnet50"], Data = [KnownImages.ImageNet], Sparsities = [0.8926, 0.956] }]),
        ("fig3", "Figure 3: three pre-trainings of ResNet-50 on three data sets",
        [
            Paper with
            {
                Models = ["resnet50"],
                Data = [KnownImages.Cifar10, KnownImages.Cifar100, KnownImages.TinyImageNet],
                Initializations = ["imagenet", "moco", "clip"],
                // Its scores overflow there, says the paper.
                Methods = [Cell.Dense, .. Compared.Where(method => method != "synflow")],
            },
        ]),
        ("fig4", "Figure 4: DeepLabV3+, pretrained by MoCo v2, on Pascal VOC 2012",
        [
            Paper with { Models = ["deeplabv3plus"], Data = [SegmentationSets.Voc2012], Initializations = ["moco"], Methods = [Cell.Dense, "px", "snip", "random", "magnitude"] },
        ]),
        ("fig5", "Figure 5: spectra of the NTK of ResNet-20 on CIFAR-10; nothing is trained",
            [Paper with { Methods = [Cell.Dense, "synflow-l2", .. Compared], Sparsities = [0.9312], Epochs = 0, SpectrumSamples = 100 }]),
        ("fig6", "Figure 6: output units of VGG-16 on CIFAR-100; nothing is trained",
            [Paper with { Models = ["vgg16"], Data = [KnownImages.Cifar100], Methods = Compared, Sparsities = [0.982], Epochs = 0 }]),
        ("table2", "Table 2: accuracy and time against rounds, ResNet-20 on CIFAR-10",
        [
            Paper with { Methods = Compared, Sparsities = [0.982], Rounds = [1, 2, 10, 100, 200], TimingRepeats = 100 },
            // Its 960 epochs are six trainings: five between rounds, and the last.
            Paper with { Methods = [MethodCatalog.Imp], Sparsities = [0.982], Rounds = [5] },
        ]),
        ("fig2-small", "all methods but WideTopo in three regimes, briefly: ResNet-20 on a part of Fashion-MNIST; with spectra at 93.12 %", Small()),
        ("table2-small", "time against rounds of every method that iterates but WideTopo: ResNet-20, a part of Fashion-MNIST; nothing is trained",
            [Timed with { Rounds = [1, 2, 10], TimingRepeats = 3 }, Timed with { Methods = [.. Timed.Methods.Where(MethodCatalog.Iterates)], Rounds = [100, 200] }]),
        ("evidence-fresh", "which method for a fresh network: ResNet-20, a part of Fashion-MNIST, four sparsities, five seeds; 98.2 % first", Fresh()),
        ("evidence-spectra", "spectra of the NTK and units that are left, Figures 5 and 6 on the networks of evidence-fresh; nothing is trained",
            [EvidenceSpectra, EvidenceSpectra with { Methods = [MethodCatalog.WideTopo], Rounds = [20] }]),
        ("evidence-pretrained", "which method for a pretrained network: a ResNet-20 that has learned CIFAR-10, one and five epochs of fine-tuning, three seeds", EvidenceGrids.Pretrained),
        ("evidence-segmentation", "which method for segmentation: a small DeepLabV3+ on CamVid, three sparsities and seeds", EvidenceGrids.Segmentation),
        ("evidence-data", "what data change in PX: its variants, scored on other samples and on noise; 98.2 % of the networks of evidence-fresh, and masks of evidence-pretrained's",
            EvidenceGrids.DataTerm(Evidence)),
    ];

    /// <summary>The sparsities of the paper's figures, as it prints them: three trivial, three mild, three extreme. About 1 − 0.8², 1 − 0.8⁴, …</summary>
    public static IReadOnlyList<double> PaperSparsities => [0.36, 0.5904, 0.738, 0.8322, 0.893, 0.9312, 0.956, 0.9717, 0.982];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(protocol => protocol.Name)];

    /// <summary>A line on each, for help.</summary>
    public static string Describe() => string.Join('\n', All.Select(protocol => $"{protocol.Name}: {protocol.Summary}"));

    /// <summary>The grids of a protocol.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static IReadOnlyList<Grid> Find(string name) => All.First(protocol => protocol.Name == name).Grids;

    private static Grid[] Fresh() =>
    [
        Evidence with { Methods = [Cell.Dense] },
        .. EvidenceSparsities.SelectMany(sparsity => new[]
        {
            Evidence with { Sparsities = [sparsity], Methods = Candidates },
            Evidence with { Sparsities = [sparsity], Methods = [MethodCatalog.WideTopo], Rounds = [20], Seeds = [1, 2, 3] },
            Evidence with { Sparsities = [sparsity], Methods = [MethodCatalog.Imp], Rounds = [3], Seeds = [1, 2] },
        }),
    ];

    private static Grid[] Small()
    {
        var grid = new Grid
        {
            Data = [KnownImages.FashionMnist],
            Methods = [Cell.Dense, .. Brief],
            Sparsities = [0.8322, 0.9312, 0.982],
            Rounds = [20],
            Seeds = [1, 2],
            Epochs = 4,
            Batch = 32,
            TrainSamples = 2000,
            TestSamples = 1000,
        };
        // IMP trains between its rounds; these are as many as bring its cost to that of four networks.
        var imp = grid with { Methods = [MethodCatalog.Imp], Rounds = [3] };
        return
        [
            grid with { Sparsities = [0.8322, 0.982], Methods = [.. grid.Methods.Where(method => method != Cell.Dense)] },
            grid with { Sparsities = [0.9312], Seeds = [2] },
            grid with { Sparsities = [0.9312], Seeds = [1], SpectrumSamples = 50 },
            imp,
        ];
    }
}

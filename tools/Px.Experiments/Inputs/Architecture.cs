using System.Globalization;
using Px.Experiments.Grids;
using Px.Pruning.Models;
using Px.Pruning.Models.Data;
using Px.Runner.Networks;
using Px.Runner.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Experiments.Inputs;

/// <summary>Architectures by the names that grids use: <c>resnet20</c>, <c>vgg16</c>, <c>deeplabv3plus</c>.</summary>
public static class Architecture
{
    /// <summary>DeepLabV3+ on a ResNet-50.</summary>
    public const string DeepLab = "deeplabv3plus";

    /// <summary><see cref="KnownNetworks.SmallDeepLab"/>.</summary>
    public const string SmallDeepLab = "deeplabv3plus-small";

    private const string ResNet = "resnet", Vgg = "vgg";
    private static readonly int[] TorchvisionDepths = [18, 34, 50, 101, 152];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. Enumerable.Range(1, 18).Select(n => (6 * n) + 2).Union(TorchvisionDepths).Order().Select(depth => $"{ResNet}{depth}"),
        .. new[] { 11, 13, 16, 19 }.Select(depth => $"{Vgg}{depth}"),
        DeepLab,
        SmallDeepLab,
    ];

    /// <summary>Whether a network gives every pixel a class.</summary>
    public static bool Segments(string name) => name is DeepLab or SmallDeepLab;

    /// <summary>Whether a network can begin with some weights.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="initialization">One of <see cref="Initializations.Names"/>.</param>
    public static bool CanBegin(string name, string initialization) => initialization switch
    {
        Cell.FromScratch => true,
        Initializations.Cifar10 => IsResNet(name) && !TorchvisionDepths.Contains(Depth(name)),
        _ => name == DeepLab || (IsResNet(name) && TorchvisionDepths.Contains(Depth(name))),
    };

    /// <summary>A network that classifies images.</summary>
    /// <param name="name">One of <see cref="Names"/> that does not segment.</param>
    /// <param name="images">What is classified.</param>
    /// <param name="initialization">What <paramref name="weights"/> has learned, one of <see cref="Initializations.Names"/>.</param>
    /// <param name="weights">A file with pretrained weights; null to draw them.</param>
    /// <param name="seed">Decides whatever weights are drawn.</param>
    public static Module<Tensor, Tensor> Classifier(string name, ImageDataset images, string initialization, string? weights, long seed) =>
        name.StartsWith(Vgg, StringComparison.Ordinal) ? KnownNetworks.Vgg(Depth(name), 64, images, seed)
        : weights is null ? KnownNetworks.ResNet(Depth(name), images, seed)
        : WeightFile.Load(weights, () => initialization == Initializations.Cifar10
            ? KnownNetworks.Trained(Depth(name), images, weights)
            : KnownNetworks.Pretrained(WeightFile.Pretrainings[initialization], weights, Depth(name), images, seed));

    /// <summary>The network that gives every pixel a class.</summary>
    /// <param name="name">One of <see cref="Names"/> that segments.</param>
    /// <param name="images">What is segmented.</param>
    /// <inheritdoc cref="Classifier"/>
    public static Module<Tensor, Tensor> Segmenter(string name, SegmentationDataset images, string initialization, string? weights, long seed)
    {
        var options = (name == SmallDeepLab ? KnownNetworks.SmallDeepLab : new DeepLabOptions()) with { Classes = images.Classes, Seed = seed };
        return WeightFile.Load(weights ?? "", () => KnownNetworks.DeepLab(options, WeightFile.Pretrainings.GetValueOrDefault(initialization), weights));
    }

    private static bool IsResNet(string name) => name.StartsWith(ResNet, StringComparison.Ordinal);

    private static int Depth(string name) => int.Parse(name.AsSpan().TrimStart("abcdefghijklmnopqrstuvwxyz"), CultureInfo.InvariantCulture);
}

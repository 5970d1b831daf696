using System.Globalization;
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

    private const string ResNet = "resnet", Vgg = "vgg";
    private static readonly int[] TorchvisionDepths = [18, 34, 50, 101, 152];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. Enumerable.Range(1, 18).Select(n => (6 * n) + 2).Union(TorchvisionDepths).Order().Select(depth => $"{ResNet}{depth}"),
        .. new[] { 11, 13, 16, 19 }.Select(depth => $"{Vgg}{depth}"),
        DeepLab,
    ];

    /// <summary>Whether there are pretrained weights for a network.</summary>
    public static bool CanBePretrained(string name) => name == DeepLab || (name.StartsWith(ResNet, StringComparison.Ordinal) && TorchvisionDepths.Contains(Depth(name)));

    /// <summary>A network that classifies images.</summary>
    /// <param name="name">One of <see cref="Names"/> but <see cref="DeepLab"/>.</param>
    /// <param name="images">What is classified.</param>
    /// <param name="pretraining">What <paramref name="weights"/> has learned.</param>
    /// <param name="weights">A file with pretrained weights; null to draw them.</param>
    /// <param name="seed">Decides whatever weights are drawn.</param>
    public static Module<Tensor, Tensor> Classifier(string name, ImageDataset images, Pretraining pretraining, string? weights, long seed) =>
        name.StartsWith(Vgg, StringComparison.Ordinal) ? KnownNetworks.Vgg(Depth(name), 64, images, seed)
        : weights is null ? KnownNetworks.ResNet(Depth(name), images, seed)
        : WeightFile.Load(weights, () => KnownNetworks.Pretrained(pretraining, weights, Depth(name), images, seed));

    /// <summary>The network that gives every pixel a class.</summary>
    /// <inheritdoc cref="Classifier"/>
    public static Module<Tensor, Tensor> Segmenter(SegmentationDataset images, Pretraining pretraining, string? weights, long seed) =>
        WeightFile.Load(weights ?? "", () => KnownNetworks.DeepLab(new DeepLabOptions { Classes = images.Classes, Seed = seed }, pretraining, weights));

    private static int Depth(string name) => int.Parse(name.AsSpan().TrimStart("abcdefghijklmnopqrstuvwxyz"), CultureInfo.InvariantCulture);
}

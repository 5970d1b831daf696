using Px.Experiments.Grids;
using Px.Runner.Training;

namespace Px.Experiments.Inputs;

/// <summary>Where the weights of a network come from, by the names that grids use.</summary>
public static class Initializations
{
    /// <summary>
    /// All weights of a ResNet for small images that has learned CIFAR-10, its classifier too, in the layout that is published: option A, images
    /// normalised with ImageNet's statistics (<see href="https://github.com/akamaster/pytorch_resnet_cifar10"/>).
    /// </summary>
    public const string Cifar10 = "cifar10";

    /// <summary>Those that need a file.</summary>
    public static IReadOnlyList<string> Pretrained { get; } = [.. WeightFile.Pretrainings.Keys, Cifar10];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [Cell.FromScratch, .. Pretrained];
}

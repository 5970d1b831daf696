using Px.Pruning.Models;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.StateDicts;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Networks;

/// <summary>The networks that are trained, as the paper has them.</summary>
public static class KnownNetworks
{
    // Images of which a stem that halves them twice would leave too little.
    private const int SmallImage = 64;

    /// <summary>DeepLabV3+ on a ResNet-18, a quarter as wide as usual, for machines without a GPU.</summary>
    public static DeepLabOptions SmallDeepLab { get; } = new() { Depth = 18, Width = 16, HeadChannels = 64, OutputStride = 16 };

    /// <summary>A ResNet that classifies images: of 6n + 2 layers the layout for small ones; of 18, 34, 50, 101 or 152 torchvision's.</summary>
    /// <param name="depth">The number of layers.</param>
    /// <param name="images">What is classified.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <param name="shortcut">How stages of the small layout are joined.</param>
    /// <exception cref="ArgumentException">There is no such depth.</exception>
    public static Module<Tensor, Tensor> ResNet(int depth, ImageDataset images, long seed, CifarShortcut shortcut = CifarShortcut.Projection) => depth is 18 or 34 or 50 or 101 or 152
        ? Px.Pruning.Models.ResNet.Create(new()
        {
            Depth = depth,
            Classes = images.Classes,
            InputChannels = images.Channels,
            Stem = images.Height <= SmallImage ? ResNetStem.ThreeByThree : ResNetStem.SevenBySeven,
            Seed = seed,
        })
        : CifarResNet.Create(new() { Depth = depth, Classes = images.Classes, InputChannels = images.Channels, Shortcut = shortcut, Seed = seed });

    /// <summary>A ResNet in the layout for small images, joined by zero padding, with all of its weights from a file, the classifier's too.</summary>
    /// <param name="depth">6n + 2.</param>
    /// <param name="images">What is classified.</param>
    /// <param name="weights">The file.</param>
    public static Module<Tensor, Tensor> Trained(int depth, ImageDataset images, string weights)
    {
        var network = ResNet(depth, images, seed: 0, CifarShortcut.ZeroPadding);
        network.LoadWeights(weights);
        return network;
    }

    /// <summary>A pretrained ResNet with a new classifier.</summary>
    /// <param name="pretraining">What the file has learned.</param>
    /// <param name="weights">The file.</param>
    /// <param name="depth">18, 34, 50, 101 or 152; CLIP's is 50.</param>
    /// <param name="images">What is classified.</param>
    /// <param name="seed">Decides the classifier's weights.</param>
    public static Module<Tensor, Tensor> Pretrained(Pretraining pretraining, string weights, int depth, ImageDataset images, long seed)
    {
        var resNet = new ResNetOptions { Depth = depth, Classes = images.Classes, InputChannels = images.Channels, Seed = seed };
        return pretraining switch
        {
            // The mean over the image: attention has no paths for PX to see.
            Pretraining.Clip => Px.Pruning.Models.Pretrained.Clip(
                weights, new() { Pooling = ClipPooling.Average, Classes = images.Classes, InputChannels = images.Channels, Seed = seed }),
            Pretraining.MoCoV2 => Px.Pruning.Models.Pretrained.MoCoV2(weights, resNet),
            _ => Px.Pruning.Models.Pretrained.ImageNet(weights, resNet),
        };
    }

    /// <summary>A VGG with batch norm, in the layout for small images.</summary>
    /// <param name="depth">11, 13, 16 or 19.</param>
    /// <param name="width">The channels of the first stage.</param>
    /// <param name="images">What is classified.</param>
    /// <param name="seed">Decides the weights.</param>
    public static Module<Tensor, Tensor> Vgg(int depth, int width, ImageDataset images, long seed) => Px.Pruning.Models.Vgg.Create(new()
    {
        Depth = depth, Width = width, Layout = VggLayout.Cifar, Classes = images.Classes, InputChannels = images.Channels, Initialization = WeightInitialization.FanIn, Seed = seed,
    });

    /// <summary>DeepLab, V3+ on a ResNet-50 unless the options say otherwise.</summary>
    /// <param name="options">Classes, seed, and what is not as usual.</param>
    /// <param name="pretraining">What the file has learned.</param>
    /// <param name="weights">A file with weights for the backbone; null to draw all.</param>
    public static Module<Tensor, Tensor> DeepLab(DeepLabOptions options, Pretraining pretraining, string? weights) =>
        weights is null ? Px.Pruning.Models.DeepLab.Create(options) : Px.Pruning.Models.Pretrained.DeepLab(pretraining, weights, options);
}

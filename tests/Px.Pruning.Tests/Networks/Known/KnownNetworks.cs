using Px.Pruning.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks.Known;

/// <summary>Ten networks that people use, in small form: fewer blocks or channels, small inputs, four classes.</summary>
internal static class KnownNetworks
{
    internal const int Classes = 4;

    internal static readonly IReadOnlyDictionary<string, Known> All = new Dictionary<string, Known>
    {
        ["ResNet-50"] = new("TorchVision", () => Narrow.By(8, torchvision.models.resnet50()), Images(32)),
        ["VGG-11 with batch norm"] = new("TorchVision", () => Narrow.By(8, torchvision.models.vgg11_bn()), Images(32)),
        ["MobileNetV3 small"] = new("TorchVision", () => Narrow.By(4, torchvision.models.mobilenet_v3_small()), Images(32)),
        ["Inception v3"] = new("TorchVision", () => Narrow.By(8, torchvision.models.inception_v3()), Images(75)),
        ["DenseNet"] = new("written as torchvision's", () => new DenseNet(Classes), Images(32)),
        ["U-Net"] = new("the usual code", () => new UNet(Classes), Segments(16)),
        ["DeepLabV3+"] = new("Px.Pruning.Models", DeepLabV3Plus, Segments(33)),
        ["ConvNeXt"] = new("written as its authors'", () => new ConvNeXt(Classes), Images(32)),
        ["ViT"] = new("the usual code, on MultiheadAttention", () => new VisionTransformer(Classes), Images(32)),
        ["LSTM text classifier"] = new("the usual code", () => new TextClassifier(Classes), Sentences),
    };

    private static DeepLab DeepLabV3Plus() => DeepLab.Create(
        new() { Depth = 18, Classes = Classes, Width = 8, HeadChannels = 16, LowLevelChannels = 8, OutputStride = 16, Seed = 1 });

    private static Func<int, (Tensor, Tensor)> Images(long size) => count => Samples.Normal(count, [3, size, size], Classes);

    private static Func<int, (Tensor, Tensor)> Segments(long size) => count =>
    {
        var input = Samples.Normal(count, [3, size, size]).Input;
        return (input, arange(count * size * size, int64).remainder(Classes).reshape(count, size, size));
    };

    private static (Tensor, Tensor) Sentences(int count)
    {
        using var generator = new Generator(3);
        return (randint(0, TextClassifier.Words, [count, 6], int64, generator: generator), arange(count, int64).remainder(Classes));
    }
}

/// <summary>A network and its data: so many inputs with their targets. Source: whose code it is.</summary>
internal sealed record Known(string Source, Func<Module<Tensor, Tensor>> Make, Func<int, (Tensor Input, Tensor Target)> Data)
{
    /// <summary>A new network with random weights from a seed. To be called outside of any dispose scope, which would take it.</summary>
    internal Module<Tensor, Tensor> Create()
    {
        manual_seed(1);
        return Make();
    }
}

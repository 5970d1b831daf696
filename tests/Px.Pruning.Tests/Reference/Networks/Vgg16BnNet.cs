using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Networks;

/// <summary>The twin of <c>run_vgg16</c> in Oracle/networks.py: VGG-16 with batch norm for 32×32 images, 14.7 million weights.</summary>
/// <remarks>
/// A smooth one has GELUs and average pools instead of ReLUs and max-pools, so that no gate and no choice in it can fall otherwise in float32.
/// </remarks>
internal sealed class Vgg16BnNet : nn.Module<Tensor, Tensor>
{
    /// <summary>Channels of each convolution; 0 is a max-pool.</summary>
    private static readonly int[] Widths = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0];

    private readonly Sequential features;
    private readonly Linear classifier = nn.Linear(512, 10);

    public Vgg16BnNet(bool smooth = false) : base(nameof(Vgg16BnNet))
    {
        features = nn.Sequential(Features(smooth));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        return classifier.call(features.call(input).flatten(1)).MoveToOuterDisposeScope();
    }

    private static IEnumerable<nn.Module<Tensor, Tensor>> Features(bool smooth)
    {
        var channels = 3;
        foreach (var width in Widths)
        {
            if (width == 0)
            {
                yield return smooth ? nn.AvgPool2d(2, stride: 2) : nn.MaxPool2d(2, stride: 2);
                continue;
            }
            yield return nn.Conv2d(channels, width, kernel_size: 3, padding: 1);
            yield return nn.BatchNorm2d(width);
            yield return smooth ? nn.GELU() : nn.ReLU();
            channels = width;
        }
    }
}

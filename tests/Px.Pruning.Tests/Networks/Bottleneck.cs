using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>ResNet-50's block: 1×1, 3×3 and 1×1 convolutions beside a shortcut.</summary>
internal sealed class Bottleneck : Module<Tensor, Tensor>
{
    private readonly Sequential branch;
    private readonly Sequential? shortcut;
    private readonly ReLU relu = ReLU();

    internal Bottleneck(long inputs, long width, int stride, int dilation) : base(nameof(Bottleneck))
    {
        branch = Sequential(
            Conv2d(inputs, width, 1, bias: false), BatchNorm2d(width), ReLU(),
            Conv2d(width, width, 3, stride: stride, padding: dilation, dilation: dilation, bias: false), BatchNorm2d(width), ReLU(),
            Conv2d(width, 4 * width, 1, bias: false), BatchNorm2d(4 * width));
        if (inputs != 4 * width) shortcut = Sequential(Conv2d(inputs, 4 * width, 1, stride: stride, bias: false), BatchNorm2d(4 * width));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => relu.call(branch.call(input) + (shortcut is null ? input : shortcut.call(input)));
}

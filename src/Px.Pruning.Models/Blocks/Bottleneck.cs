using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// Convolutions 1×1 to fewer channels, 3×3, and 1×1 to four times the stage's width, with batch norm, and a shortcut around them. The 3×3
// convolution has the block's stride, as in torchvision ("v1.5"); He et al. have it in the first 1×1.
internal sealed class Bottleneck : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1, conv2, conv3;
    private readonly BatchNorm2d bn1, bn2, bn3;
    private readonly ReLU relu1, relu2, relu3;
    private readonly nn.Module<Tensor, Tensor>? shortcut;

    internal Bottleneck(BlockOptions options)
        : base(nameof(Bottleneck))
    {
        var (inner, near) = (options.Inner, options.InputDilation);
        register_module("conv1", conv1 = nn.Conv2d(options.Inputs, inner, kernel_size: 1, bias: false));
        register_module("bn1", bn1 = nn.BatchNorm2d(inner));
        register_module("relu1", relu1 = nn.ReLU());
        register_module("conv2",
            conv2 = nn.Conv2d(inner, inner, kernel_size: 3, stride: options.Stride, padding: near, dilation: near, groups: options.Groups,
            bias: false));
        register_module("bn2", bn2 = nn.BatchNorm2d(inner));
        register_module("relu2", relu2 = nn.ReLU());
        register_module("conv3", conv3 = nn.Conv2d(inner, options.Outputs, kernel_size: 1, bias: false));
        register_module("bn3", bn3 = options.CreateLastNorm());
        register_module("relu3", relu3 = nn.ReLU());
        shortcut = options.CreateShortcut();
        if (shortcut is not null)
            register_module(options.ShortcutName, shortcut);
    }

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var branch = Chain.Call(input, conv1, bn1, relu1, conv2, bn2, relu2, conv3, bn3);
        var sum = branch.add(shortcut is null ? input : shortcut.call(input));
        return relu3.call(sum).MoveToOuterDisposeScope();
    }

    // The constructor registers every child.
    protected override void RegisterComponents()
    {
    }
}

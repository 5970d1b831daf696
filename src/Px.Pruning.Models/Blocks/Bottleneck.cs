using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// Convolutions 1×1 to fewer channels, 3×3, and 1×1 to four times the stage's width, with batch norm, and a shortcut around them. The 3×3
// convolution has the block's stride, as in torchvision ("v1.5"); He et al. have it in the first 1×1.
internal sealed class Bottleneck : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d _conv1, _conv2, _conv3;
    private readonly BatchNorm2d _bn1, _bn2, _bn3;
    private readonly ReLU _relu1, _relu2, _relu3;
    private readonly nn.Module<Tensor, Tensor>? _shortcut;

    public Bottleneck(BlockOptions options)
        : base(nameof(Bottleneck))
    {
        var (inner, near) = (options.Inner, options.InputDilation);
        register_module("conv1", _conv1 = nn.Conv2d(options.Inputs, inner, kernel_size: 1, bias: false));
        register_module("bn1", _bn1 = nn.BatchNorm2d(inner));
        register_module("relu1", _relu1 = nn.ReLU());
        register_module("conv2",
            _conv2 = nn.Conv2d(inner, inner, kernel_size: 3, stride: options.Stride, padding: near, dilation: near, groups: options.Groups,
            bias: false));
        register_module("bn2", _bn2 = nn.BatchNorm2d(inner));
        register_module("relu2", _relu2 = nn.ReLU());
        register_module("conv3", _conv3 = nn.Conv2d(inner, options.Outputs, kernel_size: 1, bias: false));
        register_module("bn3", _bn3 = options.CreateLastNorm());
        register_module("relu3", _relu3 = nn.ReLU());
        _shortcut = options.CreateShortcut();
        if (_shortcut is not null)
            register_module(options.ShortcutName, _shortcut);
    }

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var branch = Chain.Call(input, _conv1, _bn1, _relu1, _conv2, _bn2, _relu2, _conv3, _bn3);
        var sum = branch.add(_shortcut is null ? input : _shortcut.call(input));
        return _relu3.call(sum).MoveToOuterDisposeScope();
    }

    // The constructor registers every child.
    protected override void RegisterComponents()
    {
    }
}

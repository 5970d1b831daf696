using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// Two 3×3 convolutions with batch norm and a shortcut around them: relu(bn(conv(relu(bn(conv(x))))) + shortcut(x)). The first convolution
// and the shortcut have the block's stride.
internal sealed class BasicBlock : nn.Module<Tensor, Tensor>
{
    // The children's names that are not the caller's choice.
    internal static readonly IReadOnlyList<string> Names = ["conv1", "bn1", "relu1", "conv2", "bn2", "relu2"];

    private readonly Conv2d conv1, conv2;
    private readonly BatchNorm2d bn1, bn2;
    private readonly ReLU relu1, relu2;
    private readonly nn.Module<Tensor, Tensor>? shortcut;

    internal BasicBlock(BlockOptions options)
        : base(nameof(BasicBlock))
    {
        var (inputs, outputs, near, far) = (options.Inputs, options.Outputs, options.InputDilation, options.Dilation);
        register_module("conv1",
            conv1 = nn.Conv2d(inputs, outputs, kernel_size: 3, stride: options.Stride, padding: near, dilation: near, bias: false));
        register_module("bn1", bn1 = nn.BatchNorm2d(outputs));
        register_module("relu1", relu1 = nn.ReLU());
        register_module("conv2", conv2 = nn.Conv2d(outputs, outputs, kernel_size: 3, padding: far, dilation: far, bias: false));
        register_module("bn2", bn2 = options.CreateLastNorm());
        register_module("relu2", relu2 = nn.ReLU());
        shortcut = options.CreateShortcut();
        if (shortcut is not null)
            register_module(options.ShortcutName, shortcut);
    }

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var branch = Chain.Call(input, conv1, bn1, relu1, conv2, bn2);
        var sum = branch.add(shortcut is null ? input : shortcut.call(input));
        return relu2.call(sum).MoveToOuterDisposeScope();
    }

    // The constructor registers every child.
    protected override void RegisterComponents()
    {
    }
}

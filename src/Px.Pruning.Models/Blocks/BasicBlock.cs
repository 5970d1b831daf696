using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

/// <summary>Two 3×3 convolutions with batch norm and a shortcut around them: relu(bn(conv(relu(bn(conv(x))))) + shortcut(x)).</summary>
/// <remarks>Where channels are added, the first convolution and the shortcut have stride 2.</remarks>
internal sealed class BasicBlock : nn.Module<Tensor, Tensor>
{
    /// <summary>The children's names that are not the caller's choice.</summary>
    internal static readonly IReadOnlyList<string> Names = ["conv1", "bn1", "relu1", "conv2", "bn2", "relu2"];

    private readonly Conv2d _conv1, _conv2;
    private readonly BatchNorm2d _bn1, _bn2;
    private readonly ReLU _relu1, _relu2;
    private readonly nn.Module<Tensor, Tensor>? _shortcut;

    public BasicBlock(int inputs, int outputs, CifarShortcut shortcut, string shortcutName)
        : base(nameof(BasicBlock))
    {
        var stride = inputs == outputs ? 1 : 2;
        register_module("conv1", _conv1 = nn.Conv2d(inputs, outputs, kernel_size: 3, stride: stride, padding: 1, bias: false));
        register_module("bn1", _bn1 = nn.BatchNorm2d(outputs));
        register_module("relu1", _relu1 = nn.ReLU());
        register_module("conv2", _conv2 = nn.Conv2d(outputs, outputs, kernel_size: 3, padding: 1, bias: false));
        register_module("bn2", _bn2 = nn.BatchNorm2d(outputs));
        register_module("relu2", _relu2 = nn.ReLU());
        if (inputs == outputs)
            return;
        register_module(shortcutName, _shortcut = shortcut == CifarShortcut.Projection
            ? nn.Sequential(nn.Conv2d(inputs, outputs, kernel_size: 1, stride: stride, bias: false), nn.BatchNorm2d(outputs))
            : new ZeroPaddingShortcut(outputs - inputs));
    }

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var x = _relu1.call(_bn1.call(_conv1.call(input)));
        x = _bn2.call(_conv2.call(x));
        x = x.add(_shortcut is null ? input : _shortcut.call(input));
        return _relu2.call(x).MoveToOuterDisposeScope();
    }

    // The constructor has named every child.
    protected override void RegisterComponents()
    {
    }
}

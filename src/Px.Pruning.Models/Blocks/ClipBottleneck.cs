using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// CLIP's residual block: 1×1, 3×3 and 1×1 convolutions as in ResNet-50, but every convolution has stride 1 and an average pool halves the
// image. The pool stands before the convolution that would have had the stride: before the last on the main path, before the 1×1 of the
// shortcut. Names are those of CLIP's state dicts; the shortcut's pool is called -1, so that its convolution and norm stay 0 and 1.
internal sealed class ClipBottleneck : nn.Module<Tensor, Tensor>
{
    // How many times as many channels leave the block as its inner convolutions have.
    internal const int Expansion = 4;

    private readonly nn.Module<Tensor, Tensor>[] branch;
    private readonly ReLU relu3;
    private readonly Sequential? downsample;

    internal ClipBottleneck(int inputs, int planes, int stride, int dilation)
        : base(nameof(ClipBottleneck))
    {
        var outputs = Expansion * planes;
        List<(string Name, nn.Module<Tensor, Tensor> Module)> branch =
        [
            ("conv1", nn.Conv2d(inputs, planes, kernel_size: 1, bias: false)), ("bn1", nn.BatchNorm2d(planes)), ("relu1", nn.ReLU()),
            ("conv2", nn.Conv2d(planes, planes, kernel_size: 3, padding: dilation, dilation: dilation, bias: false)),
            ("bn2", nn.BatchNorm2d(planes)), ("relu2", nn.ReLU()),
            ("conv3", nn.Conv2d(planes, outputs, kernel_size: 1, bias: false)), ("bn3", nn.BatchNorm2d(outputs)),
        ];
        if (stride > 1)
            branch.Insert(6, ("avgpool", nn.AvgPool2d(stride)));
        foreach (var (name, module) in branch)
            register_module(name, module);
        this.branch = [.. branch.Select(child => child.Module)];
        register_module("relu3", relu3 = nn.ReLU());
        if (stride == 1 && inputs == outputs)
            return;
        register_module("downsample", downsample = nn.Sequential(
            ("-1", nn.AvgPool2d(stride)),
            ("0", nn.Conv2d(inputs, outputs, kernel_size: 1, bias: false)),
            ("1", nn.BatchNorm2d(outputs))));
    }

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var sum = Chain.Call(input, branch).add(downsample is null ? input : downsample.call(input));
        return relu3.call(sum).MoveToOuterDisposeScope();
    }

    // The constructor registers every child.
    protected override void RegisterComponents()
    {
    }
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Paths;

/// <summary>One residual block on a 3×3 image: <c>fc(relu(bn(conv2(a)) + a))</c> with <c>a = relu(conv1(x))</c>.</summary>
internal sealed class TinyResidualNet : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = nn.Conv2d(1, 2, kernel_size: 3, padding: 1);
    private readonly ReLU relu1 = nn.ReLU();
    private readonly Conv2d conv2 = nn.Conv2d(2, 2, kernel_size: 3, padding: 1, bias: false);
    private readonly BatchNorm2d bn = nn.BatchNorm2d(2);
    private readonly ReLU relu2 = nn.ReLU();
    private readonly Linear fc = nn.Linear(18, 2);

    public TinyResidualNet() : base(nameof(TinyResidualNet)) => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var a = relu1.call(conv1.call(input));
        var x = relu2.call(bn.call(conv2.call(a)).add(a));
        return fc.call(x.flatten(1)).MoveToOuterDisposeScope();
    }
}

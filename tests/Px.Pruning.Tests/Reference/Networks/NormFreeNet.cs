using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Networks;

/// <summary>The twin of <c>run_norm_free</c> in Oracle/networks.py: convolutions and linear layers with biases, no normalisation.</summary>
internal sealed class NormFreeNet : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = nn.Conv2d(3, 8, kernel_size: 3, padding: 1);
    private readonly ReLU relu1 = nn.ReLU();
    private readonly Conv2d conv2 = nn.Conv2d(8, 12, kernel_size: 3, stride: 2, padding: 1);
    private readonly ReLU relu2 = nn.ReLU();
    private readonly Conv2d conv3 = nn.Conv2d(12, 16, kernel_size: 3, stride: 2, padding: 1);
    private readonly ReLU relu3 = nn.ReLU();
    private readonly Linear fc1 = nn.Linear(144, 20);
    private readonly ReLU relu4 = nn.ReLU();
    private readonly Linear fc2 = nn.Linear(20, 10);

    public NormFreeNet() : base(nameof(NormFreeNet)) => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var x = relu2.call(conv2.call(relu1.call(conv1.call(input))));
        x = relu3.call(conv3.call(x)).flatten(1);
        return fc2.call(relu4.call(fc1.call(x))).MoveToOuterDisposeScope();
    }
}

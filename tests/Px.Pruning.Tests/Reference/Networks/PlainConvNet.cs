using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Networks;

/// <summary>The twin of <c>run_plain</c> in Oracle/networks.py: three conv-norm-relu, an overlapping padded max-pool, an average pool, a linear layer.</summary>
internal sealed class PlainConvNet : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = nn.Conv2d(3, 8, kernel_size: 3, padding: 1);
    private readonly BatchNorm2d bn1 = nn.BatchNorm2d(8);
    private readonly ReLU relu1 = nn.ReLU();
    private readonly MaxPool2d pool = nn.MaxPool2d(3, stride: 2, padding: 1);
    private readonly Conv2d conv2 = nn.Conv2d(8, 12, kernel_size: 3, stride: 2, padding: 1);
    private readonly BatchNorm2d bn2 = nn.BatchNorm2d(12);
    private readonly ReLU relu2 = nn.ReLU();
    private readonly Conv2d conv3 = nn.Conv2d(12, 16, kernel_size: 3, padding: 1);
    private readonly BatchNorm2d bn3 = nn.BatchNorm2d(16);
    private readonly ReLU relu3 = nn.ReLU();
    private readonly AvgPool2d average = nn.AvgPool2d(2, stride: 1);
    private readonly Linear fc = nn.Linear(64, 10);

    public PlainConvNet() : base(nameof(PlainConvNet)) => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var x = relu1.call(bn1.call(conv1.call(input)));
        x = relu2.call(bn2.call(conv2.call(pool.call(x))));
        x = relu3.call(bn3.call(conv3.call(x)));
        return fc.call(average.call(x).flatten(1)).MoveToOuterDisposeScope();
    }
}

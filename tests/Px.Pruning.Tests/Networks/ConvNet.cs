using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>conv-bn-relu twice, a max-pool, a linear layer, all in series: 3×8×8 inputs, 4 classes. ReLUs as the style says.</summary>
internal sealed class ConvNet : Module<Tensor, Tensor>
{
    internal enum Relu { Module, InPlaceModule, Function, InPlaceFunction }

    private readonly Conv2d conv1, conv2;
    private readonly BatchNorm2d bn1, bn2;
    private readonly ReLU relu1, relu2;
    private readonly MaxPool2d pool;
    private readonly Linear fc;
    private readonly Relu style;

    internal ConvNet(Relu style = Relu.Module, bool maxPool = true) : base(nameof(ConvNet))
    {
        this.style = style;
        conv1 = Conv2d(3, 6, 3, padding: 1, bias: true);
        bn1 = BatchNorm2d(6);
        relu1 = ReLU(style == Relu.InPlaceModule);
        pool = MaxPool2d(2);
        conv2 = Conv2d(6, 8, 3, stride: 2, padding: 1, bias: false);
        bn2 = BatchNorm2d(8);
        relu2 = ReLU(style == Relu.InPlaceModule);
        fc = Linear(8, 4);
        UsesMaxPool = maxPool;
        RegisterComponents();
    }

    private bool UsesMaxPool { get; }

    public override Tensor forward(Tensor input)
    {
        var x = Activate(relu1, bn1.call(conv1.call(input)));
        x = UsesMaxPool ? pool.call(x) : functional.avg_pool2d(x, 2);
        x = Activate(relu2, bn2.call(conv2.call(x)));
        return fc.call(x.mean([2, 3]));
    }

    private Tensor Activate(ReLU module, Tensor x) => style switch
    {
        Relu.Function => functional.relu(x),
        Relu.InPlaceFunction => x.relu_(),
        _ => module.call(x),
    };
}

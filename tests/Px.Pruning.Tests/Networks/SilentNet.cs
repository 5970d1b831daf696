using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>conv-bn-relu-linear on 3×8×8 inputs, 4 classes, calling its children through <c>forward</c> (no hooks fire) or <c>call</c>.</summary>
internal sealed class SilentNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv;
    private readonly BatchNorm2d bn;
    private readonly ReLU relu;
    private readonly Linear fc;
    private readonly Linear unused;
    private readonly bool silent;

    internal SilentNet(bool silent) : base(nameof(SilentNet))
    {
        this.silent = silent;
        conv = Conv2d(3, 6, 3, padding: 1);
        bn = BatchNorm2d(6);
        relu = ReLU();
        fc = Linear(6, 4);
        unused = Linear(3, 3);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => silent
        ? fc.forward(relu.forward(bn.forward(conv.forward(input))).mean([2, 3]))
        : fc.call(relu.call(bn.call(conv.call(input))).mean([2, 3]));
}

using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>A convolution, batch norm, a ReLU, a function from feature maps [B, 4, 6, 6] to [B, 144], a linear layer: 3×6×6 inputs, 4 classes.</summary>
internal sealed class ReadsMaps : Module<Tensor, Tensor>
{
    private readonly Conv2d conv;
    private readonly BatchNorm2d bn;
    private readonly ReLU relu;
    private readonly Linear fc;
    private readonly Func<Tensor, Tensor> read;

    internal ReadsMaps(Func<Tensor, Tensor> read) : base(nameof(ReadsMaps))
    {
        this.read = read;
        conv = Conv2d(3, 4, 3, padding: 1);
        bn = BatchNorm2d(4);
        relu = ReLU();
        fc = Linear(144, 4);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => fc.call(read(relu.call(bn.call(conv.call(input)))));
}

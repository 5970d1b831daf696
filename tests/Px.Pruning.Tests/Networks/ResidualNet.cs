using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>A stem, two residual blocks and a classifier: 3×8×8 inputs, 4 classes. The block's last ReLU is a module or <c>add_().relu_()</c>.</summary>
internal sealed class ResidualNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv;
    private readonly BatchNorm2d bn;
    private readonly ReLU relu;
    private readonly Sequential blocks;
    private readonly Linear fc;

    internal ResidualNet(bool functionalTail) : base(nameof(ResidualNet))
    {
        conv = Conv2d(3, 6, 3, padding: 1, bias: false);
        bn = BatchNorm2d(6);
        relu = ReLU();
        blocks = Sequential(new Block(6, functionalTail), new Block(6, functionalTail));
        fc = Linear(6, 4);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => fc.call(blocks.call(relu.call(bn.call(conv.call(input)))).mean([2, 3]));

    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv1, conv2;
        private readonly BatchNorm2d bn1, bn2;
        private readonly ReLU relu1, relu2;
        private readonly bool functionalTail;

        internal Block(int width, bool functionalTail) : base(nameof(Block))
        {
            this.functionalTail = functionalTail;
            conv1 = Conv2d(width, width, 3, padding: 1, bias: false);
            bn1 = BatchNorm2d(width);
            relu1 = ReLU(functionalTail);
            conv2 = Conv2d(width, width, 3, padding: 1, bias: false);
            bn2 = BatchNorm2d(width);
            relu2 = ReLU();
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var x = bn2.call(conv2.call(relu1.call(bn1.call(conv1.call(input)))));
            return functionalTail ? x.add_(input).relu_() : relu2.call(x + input);
        }
    }
}

using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks.Known;

/// <summary>
/// U-Net (Ronneberger et al., MICCAI 2015) with two levels: what comes down is joined with what goes up by concatenation. Inputs
/// [B, 3, H, W], H and W multiples of 4; outputs [B, K, H, W].
/// </summary>
internal sealed class UNet : Module<Tensor, Tensor>
{
    private readonly Sequential enter, down, bottom, joinDown, joinEnter;
    private readonly MaxPool2d pool;
    private readonly ConvTranspose2d upBottom, upDown;
    private readonly Conv2d head;

    internal UNet(long classes, long width = 8) : base(nameof(UNet))
    {
        enter = Twice(3, width);
        down = Twice(width, 2 * width);
        bottom = Twice(2 * width, 4 * width);
        pool = MaxPool2d(2);
        upBottom = ConvTranspose2d(4 * width, 2 * width, 2, stride: 2);
        joinDown = Twice(4 * width, 2 * width);
        upDown = ConvTranspose2d(2 * width, width, 2, stride: 2);
        joinEnter = Twice(2 * width, width);
        head = Conv2d(width, classes, 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var first = enter.call(input);
        var second = down.call(pool.call(first));
        var third = bottom.call(pool.call(second));
        var up = joinDown.call(cat(new List<Tensor> { second, upBottom.call(third) }, 1));
        return head.call(joinEnter.call(cat(new List<Tensor> { first, upDown.call(up) }, 1)));
    }

    private static Sequential Twice(long inputs, long outputs) => Sequential(
        Conv2d(inputs, outputs, 3, padding: 1, bias: false), BatchNorm2d(outputs), ReLU(inplace: true),
        Conv2d(outputs, outputs, 3, padding: 1, bias: false), BatchNorm2d(outputs), ReLU(inplace: true));
}

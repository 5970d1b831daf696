using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Samples.BringYourOwnModel;

/// <summary>A module of two inputs and two outputs: an image and a hint, a quarter of the image and whether it is one of the lower ones.</summary>
public sealed class HintNet : Module<Tensor, Tensor, (Tensor Quarter, Tensor IsLower)>
{
    private readonly Conv2d convolution = Conv2d(1, 16, kernel_size: 5, padding: 2);
    private readonly ReLU relu = ReLU(), both = ReLU();
    private readonly MaxPool2d pool = MaxPool2d(4);
    private readonly Linear image = Linear(16 * 4 * 4, 64), hint = Linear(2, 64);
    private readonly Linear quarter = Linear(64, 4), isLower = Linear(64, 2);

    public HintNet()
        : base(nameof(HintNet)) => RegisterComponents();

    public override (Tensor Quarter, Tensor IsLower) forward(Tensor input1, Tensor input2)
    {
        var seen = image.call(pool.call(relu.call(convolution.call(input1))).flatten(1));
        var features = both.call(seen + hint.call(input2));
        return (quarter.call(features), isLower.call(features));
    }
}

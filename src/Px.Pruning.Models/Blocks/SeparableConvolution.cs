using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// A dilated 3×3 convolution for each channel, then a 1×1 convolution across them, with nothing between: 9C + CD weights instead of 9CD.
// "Atrous separable convolution" in Chen et al., ECCV 2018, section 3.1.
internal sealed class SeparableConvolution : nn.Module<Tensor, Tensor>
{
    private readonly Sequential body;

    private SeparableConvolution(long inputs, long outputs, int dilation)
        : base(nameof(SeparableConvolution)) => register_module("body", body = nn.Sequential(
            nn.Conv2d(inputs, inputs, kernel_size: 3, padding: dilation, dilation: dilation, groups: inputs, bias: false),
            nn.Conv2d(inputs, outputs, kernel_size: 1, bias: false)));

    // A 3×3 convolution that keeps the image's size, separable or plain.
    internal static nn.Module<Tensor, Tensor> Create(bool separable, long inputs, long outputs, int dilation = 1) => separable
        ? new SeparableConvolution(inputs, outputs, dilation)
        : nn.Conv2d(inputs, outputs, kernel_size: 3, padding: dilation, dilation: dilation, bias: false);

    public override Tensor forward(Tensor input) => body.call(input);

    // The constructor has named the child.
    protected override void RegisterComponents()
    {
    }
}

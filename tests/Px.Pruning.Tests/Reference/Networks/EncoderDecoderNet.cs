using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Networks;

/// <summary>
/// The twin of <c>run_encoder_decoder</c> in Oracle/networks.py: four classes for each of 16×16 pixels, through a strided, a dilated, a
/// depthwise and a transposed convolution and a skip that is concatenated. [B, 3, 16, 16] → [B, 4, 16, 16].
/// </summary>
internal sealed class EncoderDecoderNet : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d stem = nn.Conv2d(3, 8, kernel_size: 3, padding: 1);
    private readonly BatchNorm2d stem_bn = nn.BatchNorm2d(8);
    private readonly ReLU stem_relu = nn.ReLU();
    private readonly Conv2d down = nn.Conv2d(8, 16, kernel_size: 3, stride: 2, padding: 1, bias: false);
    private readonly BatchNorm2d down_bn = nn.BatchNorm2d(16);
    private readonly ReLU down_relu = nn.ReLU();
    private readonly Conv2d dilated = nn.Conv2d(16, 16, kernel_size: 3, padding: 2, dilation: 2, bias: false);
    private readonly BatchNorm2d dilated_bn = nn.BatchNorm2d(16);
    private readonly ReLU dilated_relu = nn.ReLU();
    private readonly Conv2d depthwise = nn.Conv2d(16, 16, kernel_size: 3, padding: 1, groups: 16, bias: false);
    private readonly BatchNorm2d depthwise_bn = nn.BatchNorm2d(16);
    private readonly ReLU depthwise_relu = nn.ReLU();
    private readonly Conv2d pointwise = nn.Conv2d(16, 24, kernel_size: 1, bias: false);
    private readonly BatchNorm2d pointwise_bn = nn.BatchNorm2d(24);
    private readonly ReLU pointwise_relu = nn.ReLU();
    private readonly ConvTranspose2d up = nn.ConvTranspose2d(24, 12, kernel_size: 2, stride: 2);
    private readonly ReLU up_relu = nn.ReLU();
    private readonly Conv2d fuse = nn.Conv2d(20, 16, kernel_size: 3, padding: 1);
    private readonly BatchNorm2d fuse_bn = nn.BatchNorm2d(16);
    private readonly ReLU fuse_relu = nn.ReLU();
    private readonly Conv2d head = nn.Conv2d(16, 4, kernel_size: 1);

    public EncoderDecoderNet() : base(nameof(EncoderDecoderNet)) => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var skip = stem_relu.call(stem_bn.call(stem.call(input)));
        var x = down_relu.call(down_bn.call(down.call(skip)));
        x = dilated_relu.call(dilated_bn.call(dilated.call(x)));
        x = depthwise_relu.call(depthwise_bn.call(depthwise.call(x)));
        x = pointwise_relu.call(pointwise_bn.call(pointwise.call(x)));
        x = up_relu.call(up.call(x));
        x = fuse_relu.call(fuse_bn.call(fuse.call(cat([x, skip], 1))));
        return head.call(x).MoveToOuterDisposeScope();
    }
}

using System.Globalization;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// The pyramid's branch that sees the whole image: its mean through a 1×1 convolution, batch norm and ReLU, at every position. [B, C, H, W]
// → [B, D, H, W]. To enlarge one pixel bilinearly is to repeat it. In training the norm has one value for each channel and image, so that a
// batch of one has no variance.
internal sealed class ImagePooling : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor>[] steps;

    internal ImagePooling(long inputs, long outputs)
        : base(nameof(ImagePooling))
    {
        steps = [nn.AdaptiveAvgPool2d(1), nn.Conv2d(inputs, outputs, kernel_size: 1, bias: false), nn.BatchNorm2d(outputs), nn.ReLU()];
        for (var i = 0; i < steps.Length; i++)
            register_module(i.ToString(CultureInfo.InvariantCulture), steps[i]);
    }

    public override Tensor forward(Tensor input)
    {
        if (steps[2].training && input.shape[0] == 1)
        {
            throw new InvalidOperationException(
                "DeepLab's image pooling cannot train on a batch of one image: its batch norm sees one value for each channel, which has "
                + "no variance. "
                + "Use batches of 2 or more (and drop a last batch of 1), or put the model or this branch's norm into eval mode.");
        }

        using var activations = NewDisposeScope();
        return Chain.Call(input, steps).expand(-1, -1, input.shape[2], input.shape[3]).MoveToOuterDisposeScope();
    }

    // The constructor registers every child.
    protected override void RegisterComponents()
    {
    }
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// Atrous spatial pyramid pooling: a 1×1 convolution, three dilated 3×3 ones and image pooling side by side, joined by a 1×1 convolution.
// [B, C, H, W] → [B, HeadChannels, H, W]; each convolution with batch norm and ReLU. Where a rate reaches beyond the feature map, the outer
// weights of its convolution see nothing but padding: at rate 36 that takes maps of 37 or more.
// Source: Chen et al. 2017, section 3.3, https://arxiv.org/abs/1706.05587; keys as in torchvision: convs.0.0 … convs.4.2, project.0,
// project.1.
internal sealed class AtrousPyramid : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor>[] branches;
    private readonly Sequential project;

    internal AtrousPyramid(long inputs, DeepLabOptions options)
        : base(nameof(AtrousPyramid))
    {
        var outputs = options.HeadChannels;
        branches =
        [
            nn.Sequential(nn.Conv2d(inputs, outputs, kernel_size: 1, bias: false), nn.BatchNorm2d(outputs), nn.ReLU()),
            .. options.Rates.Select(rate =>
            nn.Sequential(SeparableConvolution.Create(options.SeparableConvolutions, inputs, outputs, rate), nn.BatchNorm2d(outputs),
            nn.ReLU())),
            new ImagePooling(inputs, outputs),
        ];
        register_module("convs", nn.ModuleList(branches));
        register_module("project", project = nn.Sequential(
            nn.Conv2d(branches.Length * outputs, outputs, kernel_size: 1, bias: false), nn.BatchNorm2d(outputs), nn.ReLU(),
            nn.Dropout(options.DropoutOrUsual)));
    }

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var joined = cat([.. branches.Select(branch => branch.call(input))], 1);
        return project.call(joined).MoveToOuterDisposeScope();
    }

    // The constructor registers every child.
    protected override void RegisterComponents()
    {
    }
}

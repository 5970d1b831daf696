using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// DeepLabV3+'s head: the pyramid over the last features, enlarged and joined with a projection of the first stage's, 3×3 convolutions, a
// classifier. Low [B, L, h, w] and high [B, C, H, W] → logits [B, classes, h, w].
// Source: Chen et al., ECCV 2018, sections 3.1 and 4.1, https://arxiv.org/abs/1802.02611.
internal sealed class DeepLabDecoder : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Sequential project, classifier;
    private readonly AtrousPyramid aspp;

    internal DeepLabDecoder(long lowLevelChannels, long highChannels, DeepLabOptions options)
        : base(nameof(DeepLabDecoder))
    {
        var (low, channels) = (options.LowLevelChannels, options.HeadChannels);
        register_module("project",
            project = nn.Sequential(nn.Conv2d(lowLevelChannels, low, kernel_size: 1, bias: false), nn.BatchNorm2d(low), nn.ReLU()));
        register_module("aspp", aspp = new AtrousPyramid(highChannels, options));
        var classifier = new List<nn.Module<Tensor, Tensor>>();
        for (var i = 0; i < options.DecoderConvolutions; i++)
        {
            classifier.AddRange([SeparableConvolution.Create(options.SeparableConvolutions, i == 0 ? low + channels : channels, channels),
                nn.BatchNorm2d(channels), nn.ReLU()]);
        }

        classifier.Add(nn.Conv2d(channels, options.Classes, kernel_size: 1));
        register_module("classifier", this.classifier = nn.Sequential(classifier));
    }

    public override Tensor forward(Tensor low, Tensor high)
    {
        using var activations = NewDisposeScope();
        var refined = project.call(low);
        var coarse = BilinearResize.Call(aspp.call(high), refined);
        return classifier.call(cat([refined, coarse], 1)).MoveToOuterDisposeScope();
    }

    // The constructor registers every child.
    protected override void RegisterComponents()
    {
    }
}

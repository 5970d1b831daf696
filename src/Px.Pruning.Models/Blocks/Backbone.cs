using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// A classifier without its pooling and last layer, for segmentation networks. [B, C, H, W] → LowLevel [B, LowLevelChannels, H/4, W/4], the
// first stage's output, and High [B, HighChannels, H/s, W/s], the last stage's, with s the output stride; ResNet's convolutions round sizes
// up, the average pools of CLIP's round them down. Registered as backbone it has the keys of torchvision's segmentation networks:
// backbone.conv1.weight, backbone.layer1.0.…. Invoke it through call, as it does its children. Weights are not drawn here.
internal sealed class Backbone : nn.Module<Tensor, (Tensor LowLevel, Tensor High)>
{
    private readonly ITrunk trunk;

    private Backbone(Func<nn.Module, ITrunk> createTrunk)
        : base(nameof(Backbone)) => trunk = createTrunk(this);

    internal long LowLevelChannels => trunk.LowLevelChannels;

    internal long HighChannels => trunk.Channels;

    // A ResNet's. Classes and Seed are the owner's business.
    internal static Backbone Of(ResNetOptions options) => new(owner => new ResNetTrunk(owner, options));

    // That of CLIP's modified ResNet-50.
    internal static Backbone OfClip(int inputChannels, int width, int outputStride) =>
        new(owner => new ClipTrunk(owner, inputChannels, width, outputStride));

    public override (Tensor LowLevel, Tensor High) forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var low = Chain.Call(input, trunk.UpToLowLevel);
        var high = Chain.Call(low, trunk.FromLowLevel);
        return (low.MoveToOuterDisposeScope(), high.MoveToOuterDisposeScope());
    }

    // The trunk has named every child.
    protected override void RegisterComponents()
    {
    }
}

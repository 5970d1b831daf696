using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

/// <summary>CLIP's modified ResNet-50 without pooling, for segmentation networks. The counterpart of <see cref="ResNetBackbone"/>.</summary>
/// <remarks>[B, C, H, W] → LowLevel [B, 4 · width, H/4, W/4], High [B, 32 · width, H/s, W/s] with s the output stride; its average pools round sizes down.</remarks>
internal sealed class ClipBackbone : nn.Module<Tensor, (Tensor LowLevel, Tensor High)>
{
    private readonly ClipTrunk _trunk;

    public ClipBackbone(int inputChannels, int width, int outputStride)
        : base(nameof(ClipBackbone)) => _trunk = new ClipTrunk(this, inputChannels, width, outputStride);

    public long LowLevelChannels => _trunk.LowLevelChannels;

    public long HighChannels => _trunk.Channels;

    public override (Tensor LowLevel, Tensor High) forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var low = Chain.Call(input, _trunk.UpToLowLevel);
        var high = Chain.Call(low, _trunk.FromLowLevel);
        return (low.MoveToOuterDisposeScope(), high.MoveToOuterDisposeScope());
    }

    // The trunk has named every child.
    protected override void RegisterComponents()
    {
    }
}

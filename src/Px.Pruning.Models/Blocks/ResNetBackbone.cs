using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

/// <summary>A ResNet without average pooling and classifier, for segmentation networks.</summary>
/// <remarks>
/// <para>[B, C, H, W] → LowLevel [B, <see cref="LowLevelChannels"/>, H/4, W/4], the first stage's output, and High [B, <see cref="HighChannels"/>, H/s, W/s], the
/// last stage's, with s = <see cref="ResNetOptions.OutputStride"/>; sizes are rounded up.</para>
/// <para>Registered as <c>backbone</c> it has the keys of torchvision's segmentation networks: <c>backbone.conv1.weight</c>, <c>backbone.layer1.0.…</c>.
/// Invoke it through <c>call</c>, as it does its children. Weights are not drawn here: <see cref="ResNet.Initialize"/> does it for any module with such convolutions.
/// <see cref="ResNetOptions.Classes"/> and <see cref="ResNetOptions.Seed"/> are the owner's business.</para>
/// </remarks>
internal sealed class ResNetBackbone : nn.Module<Tensor, (Tensor LowLevel, Tensor High)>
{
    private readonly ResNetTrunk _trunk;

    public ResNetBackbone(ResNetOptions options)
        : base(nameof(ResNetBackbone)) => _trunk = new ResNetTrunk(this, options);

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

using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// CLIP's modified ResNet-50 up to its last feature map, registered with the module that owns it: conv1 … relu3, avgpool, layer1 … layer4.
// Three 3×3 convolutions, the first of stride 2, and an average pool, then stages of 3, 4, 6 and 3 blocks. No module itself, so that both
// ClipResNet and Backbone have CLIP's keys.
// Source: Radford et al. 2021, section 2.4: stem and strides of ResNet-D, https://arxiv.org/abs/1812.01187, anti-aliased after
// https://arxiv.org/abs/1904.11486.
internal sealed class ClipTrunk : ITrunk
{
    private static readonly int[] Blocks = [3, 4, 6, 3];

    internal ClipTrunk(nn.Module owner, int inputChannels, int width, int outputStride)
    {
        var half = width / 2;
        (string Name, nn.Module<Tensor, Tensor> Module)[] stem =
        [
            ("conv1", nn.Conv2d(inputChannels, half, kernel_size: 3, stride: 2, padding: 1, bias: false)), ("bn1", nn.BatchNorm2d(half)),
            ("relu1", nn.ReLU()),
            ("conv2", nn.Conv2d(half, half, kernel_size: 3, padding: 1, bias: false)), ("bn2", nn.BatchNorm2d(half)), ("relu2", nn.ReLU()),
            ("conv3", nn.Conv2d(half, width, kernel_size: 3, padding: 1, bias: false)), ("bn3", nn.BatchNorm2d(width)),
            ("relu3", nn.ReLU()),
            ("avgpool", nn.AvgPool2d(2)),
        ];
        var stages = Stages(width, outputStride);
        foreach (var (name, module) in stem.Concat(stages.Select((stage, i) => ($"layer{i + 1}", stage))))
            owner.register_module(name, module);
        (UpToLowLevel, FromLowLevel) = ([.. stem.Select(child => child.Module), stages[0]], stages[1..]);
        (LowLevelChannels, Channels) = (ClipBottleneck.Expansion * width, 8 * ClipBottleneck.Expansion * width);
    }

    public nn.Module<Tensor, Tensor>[] UpToLowLevel { get; }

    public nn.Module<Tensor, Tensor>[] FromLowLevel { get; }

    public long LowLevelChannels { get; }

    public long Channels { get; }

    private static nn.Module<Tensor, Tensor>[] Stages(int width, int outputStride)
    {
        var stages = new nn.Module<Tensor, Tensor>[Blocks.Length];
        var (inputs, reached, dilation) = (width, 4, 1);
        for (var stage = 0; stage < stages.Length; stage++)
        {
            var stride = stage == 0 || reached == outputStride ? 1 : 2;
            // As in torchvision: the first block of a stage that gives up its stride still looks through the dilation of the stage before.
            var before = dilation;
            (reached, dilation) = (reached * stride, stage > 0 && stride == 1 ? 2 * dilation : dilation);
            var blocks = new nn.Module<Tensor, Tensor>[Blocks[stage]];
            for (var i = 0; i < blocks.Length; i++)
            {
                blocks[i] = new ClipBottleneck(inputs, width << stage, i == 0 ? stride : 1, i == 0 ? before : dilation);
                inputs = ClipBottleneck.Expansion * (width << stage);
            }

            stages[stage] = nn.Sequential(blocks);
        }

        return stages;
    }
}

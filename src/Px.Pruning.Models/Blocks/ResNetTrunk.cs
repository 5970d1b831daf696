using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// Stem and four stages of a ResNet, registered with the module that owns them: conv1, bn1, relu, maxpool, layer1 … layer4. No module
// itself, so that both ResNet, whose keys have no prefix, and Backbone have torchvision's keys.
internal sealed class ResNetTrunk : ITrunk
{
    private readonly ResNetOptions options;
    private long channels;
    private long dilation = 1;

    internal ResNetTrunk(nn.Module owner, ResNetOptions options)
    {
        (this.options, channels) = (options, options.Width);
        (string Name, nn.Module<Tensor, Tensor> Module)[] stem = options.Stem == ResNetStem.SevenBySeven
            ? [("conv1", Convolution(kernel: 7, stride: 2)), ("bn1", nn.BatchNorm2d(channels)), ("relu", nn.ReLU()),
            ("maxpool", nn.MaxPool2d(kernel_size: 3, stride: 2, padding: 1))]
            : [("conv1", Convolution(kernel: 3, stride: 1)), ("bn1", nn.BatchNorm2d(channels)), ("relu", nn.ReLU())];
        foreach (var (name, module) in stem)
            owner.register_module(name, module);
        var stages = options.Blocks.Select((_, stage) => Stage(stage)).ToArray();
        for (var stage = 0; stage < stages.Length; stage++)
            owner.register_module($"layer{stage + 1}", stages[stage]);
        (UpToLowLevel, FromLowLevel) = ([.. stem.Select(child => child.Module), stages[0]], stages[1..]);
    }

    public nn.Module<Tensor, Tensor>[] UpToLowLevel { get; }

    public nn.Module<Tensor, Tensor>[] FromLowLevel { get; }

    public long LowLevelChannels => options.Width * Expansion;

    public long Channels => channels;

    private long Expansion => options.HasBottlenecks ? 4 : 1;

    private Conv2d Convolution(long kernel, long stride) =>
        nn.Conv2d(options.InputChannels, channels, kernel_size: kernel, stride: stride, padding: kernel / 2, bias: false);

    private Sequential Stage(int stage)
    {
        var (planes, stride, before) = ((long)options.Width << stage, stage == 0 ? 1 : 2, dilation);
        // Strides are taken away from the end: the last one halves 32, the last two quarter it.
        if (options.OutputStride <= 32 >> (4 - stage))
            (stride, dilation) = (1, dilation * stride);
        return nn.Sequential(Enumerable.Range(0, options.Blocks[stage])
            .Select(i => Block(planes, i == 0 ? stride : 1, i == 0 ? before : dilation)).ToArray());
    }

    private nn.Module<Tensor, Tensor> Block(long planes, long stride, long inputDilation)
    {
        var options = new BlockOptions
        {
            Inputs = channels,
            Inner = planes * this.options.WidthPerGroup / 64 * this.options.Groups,
            Outputs = planes * Expansion,
            Groups = this.options.Groups,
            Stride = stride,
            InputDilation = inputDilation,
            Dilation = dilation,
            ZeroInit = this.options.ZeroInitResidual,
        };
        channels = options.Outputs;
        return this.options.HasBottlenecks ? new Bottleneck(options) : new BasicBlock(options);
    }
}

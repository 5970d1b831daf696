using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>The deep networks of the paper, as far as path sums are concerned.</summary>
internal static class DeepNetworks
{
    /// <summary>ResNet-50 for images of any size and 10 classes.</summary>
    internal static Module<Tensor, Tensor> ResNet50() => Kaiming.Draw(Sequential(
        Stem(), Stages(lastStride: 2), AdaptiveAvgPool2d(1), Flatten(), Linear(2048, 10)));

    /// <summary>DeepLabV3+ on ResNet-50 with output stride 16 and 5 classes a pixel.</summary>
    internal static Module<Tensor, Tensor> DeepLab() => Kaiming.Draw(new DeepLabNet());

    private static Sequential Stem() => Sequential(
        Conv2d(3, 64, 7, stride: 2, padding: 3, bias: false), BatchNorm2d(64), ReLU(), MaxPool2d(3, stride: 2, padding: 1));

    private static Sequential Stages(int lastStride) => Sequential(
        Stage(64, 64, 3, 1), Stage(256, 128, 4, 2), Stage(512, 256, 6, 2), Stage(1024, 512, 3, lastStride));

    private static Sequential Stage(long inputs, long width, int count, int stride) => Sequential(
        [.. Enumerable.Range(0, count).Select(i => (Module<Tensor, Tensor>)new Bottleneck(i == 0 ? inputs : 4 * width, width, i == 0 ? stride : 1, 1))]);

    private static Sequential Convolution(long inputs, long outputs, int kernel, int dilation = 1) => Sequential(
        Conv2d(inputs, outputs, kernel, padding: kernel / 2 * dilation, dilation: dilation, bias: false), BatchNorm2d(outputs), ReLU());

    private sealed class DeepLabNet : Module<Tensor, Tensor>
    {
        private readonly Sequential stem = Stem(), first = Stage(64, 64, 3, 1), rest = Sequential(Stage(256, 128, 4, 2), Stage(512, 256, 6, 2), Stage(1024, 512, 3, 1));
        private readonly Sequential one = Convolution(2048, 256, 1), six = Convolution(2048, 256, 3, 6), twelve = Convolution(2048, 256, 3, 12);
        private readonly Sequential pooled = Sequential(AdaptiveAvgPool2d(1), Conv2d(2048, 256, 1, bias: false), BatchNorm2d(256), ReLU());
        private readonly Sequential project = Convolution(1024, 256, 1), low = Convolution(256, 48, 1);
        private readonly Sequential head = Sequential(Convolution(304, 256, 3), Conv2d(256, 5, 1));

        internal DeepLabNet() : base(nameof(DeepLabNet)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var early = first.call(stem.call(input));
            var x = rest.call(early);
            long[] size = [x.size(2), x.size(3)];
            var pool = functional.interpolate(pooled.call(x), size: size, mode: InterpolationMode.Bilinear, align_corners: false);
            x = project.call(cat(new List<Tensor> { one.call(x), six.call(x), twelve.call(x), pool }, 1));
            x = functional.interpolate(x, size: [early.size(2), early.size(3)], mode: InterpolationMode.Bilinear, align_corners: false);
            x = head.call(cat(new List<Tensor> { low.call(early), x }, 1));
            return functional.interpolate(x, size: [input.size(2), input.size(3)], mode: InterpolationMode.Bilinear, align_corners: false);
        }
    }
}

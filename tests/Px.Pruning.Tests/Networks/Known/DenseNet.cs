using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks.Known;

/// <summary>
/// DenseNet (Huang et al., CVPR 2017) as torchvision writes it, with two short blocks: every layer sees all maps before it, norm and ReLU
/// come before the convolutions, and the last ReLU is a function. Inputs [B, 3, H, W], H and W at least 16; outputs [B, K].
/// </summary>
internal sealed class DenseNet : Module<Tensor, Tensor>
{
    private const long Growth = 4, Enter = 8;

    private readonly Sequential features;
    private readonly Linear classifier;
    private readonly ReLU? last;

    /// <param name="classes">K.</param>
    /// <param name="lastAsModule">Whether the last ReLU is a module, which changes nothing but that hooks see it.</param>
    internal DenseNet(long classes, bool lastAsModule = false) : base(nameof(DenseNet))
    {
        last = lastAsModule ? ReLU() : null;
        features = Sequential(
            Conv2d(3, Enter, 7, stride: 2, padding: 3, bias: false), BatchNorm2d(Enter), ReLU(inplace: true), MaxPool2d(3, stride: 2, padding: 1),
            Block(8, 3), Transition(20, 10), Block(10, 3), BatchNorm2d(22));
        classifier = Linear(22, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var maps = features.call(input);
        maps = last?.call(maps) ?? functional.relu(maps, inplace: true);
        return classifier.call(functional.adaptive_avg_pool2d(maps, 1).flatten(1));
    }

    private static Sequential Block(long inputs, int layers) =>
        Sequential(Enumerable.Range(0, layers).Select(i => ($"denselayer{i + 1}", (Module<Tensor, Tensor>)new DenseLayer(inputs + i * Growth))));

    private static Sequential Transition(long inputs, long outputs) =>
        Sequential(BatchNorm2d(inputs), ReLU(inplace: true), Conv2d(inputs, outputs, 1, bias: false), AvgPool2d(2, stride: 2));

    private sealed class DenseLayer : Module<Tensor, Tensor>
    {
        private readonly BatchNorm2d norm1, norm2;
        private readonly ReLU relu1, relu2;
        private readonly Conv2d conv1, conv2;

        internal DenseLayer(long inputs) : base(nameof(DenseLayer))
        {
            norm1 = BatchNorm2d(inputs);
            relu1 = ReLU(inplace: true);
            conv1 = Conv2d(inputs, 4 * Growth, 1, bias: false);
            norm2 = BatchNorm2d(4 * Growth);
            relu2 = ReLU(inplace: true);
            conv2 = Conv2d(4 * Growth, Growth, 3, padding: 1, bias: false);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var narrow = conv1.call(relu1.call(norm1.call(input)));
            return cat(new List<Tensor> { input, conv2.call(relu2.call(norm2.call(narrow))) }, 1);
        }
    }
}

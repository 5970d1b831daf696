using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Networks;

/// <summary>
/// ResNet-20 with projections and the names of <c>CifarResNet</c>, whose activations are GELUs: no gate in it can fall otherwise in float32.
/// </summary>
internal sealed class SmoothResNet20 : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1 = Convolution(3, 16);
    private readonly BatchNorm2d bn1 = nn.BatchNorm2d(16);
    private readonly GELU act = nn.GELU();
    private readonly Sequential layer1 = Stage(16, 16), layer2 = Stage(16, 32), layer3 = Stage(32, 64);
    private readonly Linear linear = nn.Linear(64, 10);

    public SmoothResNet20() : base(nameof(SmoothResNet20)) => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var x = act.call(bn1.call(conv1.call(input)));
        x = layer3.call(layer2.call(layer1.call(x)));
        return linear.call(x.mean([2, 3])).MoveToOuterDisposeScope();
    }

    private static Conv2d Convolution(long from, long to, long kernel = 3, long stride = 1) =>
        nn.Conv2d(from, to, kernel, stride: stride, padding: kernel / 2, bias: false);

    private static Sequential Stage(long from, long to) => nn.Sequential(new Block(from, to), new Block(to, to), new Block(to, to));

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly Conv2d conv1, conv2;
        private readonly BatchNorm2d bn1, bn2;
        private readonly GELU act1 = nn.GELU(), act2 = nn.GELU();
        private readonly Sequential? shortcut;

        internal Block(long from, long to) : base(nameof(Block))
        {
            conv1 = Convolution(from, to, stride: to / from);
            bn1 = nn.BatchNorm2d(to);
            conv2 = Convolution(to, to);
            bn2 = nn.BatchNorm2d(to);
            if (from != to) shortcut = nn.Sequential(Convolution(from, to, kernel: 1, stride: 2), nn.BatchNorm2d(to));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var activations = NewDisposeScope();
            var x = bn2.call(conv2.call(act1.call(bn1.call(conv1.call(input)))));
            return act2.call(x + (shortcut?.call(input) ?? input)).MoveToOuterDisposeScope();
        }
    }
}

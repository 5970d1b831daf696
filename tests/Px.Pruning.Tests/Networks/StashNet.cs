using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>A block keeps an inner tensor in a field, and the network uses it after the block returned: 3×8×8 inputs, 4 classes.</summary>
internal sealed class StashNet : Module<Tensor, Tensor>
{
    private readonly StashBlock block = new();
    private readonly Linear fc = Linear(12, 4);

    internal StashNet() : base(nameof(StashNet)) => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        var x = block.call(input);
        return fc.call(cat(new List<Tensor> { x, block.Inner! }, 1).mean([2, 3]));
    }

    private sealed class StashBlock : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv1 = Conv2d(3, 6, 3, padding: 1), conv2 = Conv2d(6, 6, 3, padding: 1);
        private readonly ReLU relu = ReLU();

        internal StashBlock() : base(nameof(StashBlock)) => RegisterComponents();

        // A property: RegisterComponents would take a tensor field for a buffer.
        internal Tensor? Inner => inner.Value;

        private readonly Stash inner = new();

        public override Tensor forward(Tensor input) => relu.call(conv2.call(inner.Value = relu.call(conv1.call(input))));
    }

    private sealed class Stash
    {
        internal Tensor? Value { get; set; }
    }
}

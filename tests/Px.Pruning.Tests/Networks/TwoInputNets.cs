using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>The layers of a network with two ways that meet: images [B, 2, 6, 6] and [B, 1, 6, 6], 4 classes.</summary>
internal sealed record TwoWays(Conv2d Left, BatchNorm2d Norm, Conv2d Right, ReLU Relu1, Conv2d Middle, ReLU Relu2, Linear Fc)
{
    internal static TwoWays RegisterIn(Module module)
    {
        var ways = new TwoWays(
            Conv2d(2, 3, 3, padding: 1), BatchNorm2d(3), Conv2d(1, 3, 3, padding: 1), ReLU(), Conv2d(3, 5, 3), ReLU(), Linear(5, 4));
        module.register_module("left", ways.Left);
        module.register_module("norm", ways.Norm);
        module.register_module("right", ways.Right);
        module.register_module("relu1", ways.Relu1);
        module.register_module("middle", ways.Middle);
        module.register_module("relu2", ways.Relu2);
        module.register_module("fc", ways.Fc);
        return ways;
    }

    internal Tensor Run(Tensor left, Tensor right)
    {
        var meet = Norm.call(Left.call(left)) + Right.call(right);
        return Fc.call(Relu2.call(Middle.call(Relu1.call(meet))).mean([2, 3]));
    }
}

/// <summary>The two images as two inputs.</summary>
internal sealed class TwoInputNet : Module<Tensor, Tensor, Tensor>
{
    private readonly TwoWays ways;

    internal TwoInputNet() : base(nameof(TwoInputNet)) => ways = TwoWays.RegisterIn(this);

    public override Tensor forward(Tensor left, Tensor right) => ways.Run(left, right);
}

/// <summary>The same network with the channels of both images in one input, [B, 3, 6, 6].</summary>
internal sealed class PackedNet : Module<Tensor, Tensor>
{
    private readonly TwoWays ways;

    internal PackedNet() : base(nameof(PackedNet)) => ways = TwoWays.RegisterIn(this);

    public override Tensor forward(Tensor input) => ways.Run(input.narrow(1, 0, 2), input.narrow(1, 2, 1));
}

/// <summary>The same network, whose code calls <c>forward</c> on its ways.</summary>
internal sealed class SilentTwoInputNet : Module<Tensor, Tensor, Tensor>
{
    private readonly TwoWays ways;

    internal SilentTwoInputNet() : base(nameof(SilentTwoInputNet)) => ways = TwoWays.RegisterIn(this);

    public override Tensor forward(Tensor left, Tensor right)
    {
        var wide = ways.Norm.forward(ways.Left.forward(left)) + ways.Right.forward(right);
        return ways.Fc.forward(ways.Relu2.forward(ways.Middle.forward(ways.Relu1.forward(wide))).mean([2, 3]));
    }
}

/// <summary>Vectors [B, 6], of which each sample's indices [B, 2] choose two numbers; 3 classes. Refuses indices of another type.</summary>
internal sealed class GatherNet : Module<Tensor, Tensor, Tensor>
{
    private readonly Linear first = Linear(2, 5), second = Linear(5, 3);
    private readonly ReLU relu = ReLU();

    internal GatherNet() : base(nameof(GatherNet)) => RegisterComponents();

    public override Tensor forward(Tensor input, Tensor index)
    {
        if (index.dtype != ScalarType.Int64) throw new InvalidOperationException("The indices changed their type.");
        return Rest(input.gather(1, index));
    }

    internal Tensor Rest(Tensor chosen) => second.call(relu.call(first.call(chosen)));
}

/// <summary>Words [B, 3] and numbers [B, 4]; 3 classes.</summary>
internal sealed class WordsAndNumbers : Module<Tensor, Tensor, Tensor>
{
    private readonly Embedding words = Embedding(10, 6);
    private readonly Linear first = Linear(10, 5), second = Linear(5, 3);
    private readonly ReLU relu = ReLU();

    internal WordsAndNumbers() : base(nameof(WordsAndNumbers)) => RegisterComponents();

    public override Tensor forward(Tensor word, Tensor number) => Rest(cat([Embedded(word), number], 1));

    internal Tensor Embedded(Tensor word) => words.call(word).mean([1]);

    internal Tensor Rest(Tensor features) => second.call(relu.call(first.call(features)));
}

/// <summary>A classifier with an auxiliary head: inputs [B, 3, 6, 6], 4 logits and 2 of the other head.</summary>
internal sealed class TwoHeads<TOutput> : Module<Tensor, TOutput>
{
    private readonly Conv2d conv = Conv2d(3, 5, 3);
    private readonly ReLU relu = ReLU();
    private readonly Linear fc = Linear(5, 4), auxiliary = Linear(5, 2);
    private readonly Func<Tensor, Tensor, TOutput> output;

    internal TwoHeads(Func<Tensor, Tensor, TOutput> output) : base("TwoHeads")
    {
        this.output = output;
        RegisterComponents();
    }

    public override TOutput forward(Tensor input)
    {
        var features = relu.call(conv.call(input)).mean([2, 3]);
        return output(fc.call(features), auxiliary.call(features));
    }
}

/// <summary>The same with its logits alone.</summary>
internal sealed class OneHead : Module<Tensor, Tensor>
{
    private readonly Conv2d conv = Conv2d(3, 5, 3);
    private readonly ReLU relu = ReLU();
    private readonly Linear fc = Linear(5, 4);

    internal OneHead() : base(nameof(OneHead)) => RegisterComponents();

    public override Tensor forward(Tensor input) => fc.call(relu.call(conv.call(input)).mean([2, 3]));
}

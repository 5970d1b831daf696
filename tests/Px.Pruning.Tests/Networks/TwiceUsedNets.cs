using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>Networks that use a weight where no hook runs, beside calls of its layer. Inputs [B, 5], 5 outputs, unless said otherwise.</summary>
internal static class TwiceUsedNets
{
    internal static readonly Dictionary<string, Func<Module<Tensor, Tensor>>> All = new()
    {
        ["functional linear with the transposed weight"] = () => new Tied(),
        ["call and forward of one layer"] = () => new CalledAndForwarded(),
        ["a second layer with the same weight reached by forward"] = () => new SharedForward(),
        ["functional convolution"] = () => new BesideConvolution(),
        ["embedding and linear layer with one weight"] = () => new SharedEmbedding(),
        ["bilinear form of a layer's weight"] = () => new Form(),
    };

    /// <summary>The inputs that such a network takes, float64 or token numbers, and a class for each.</summary>
    internal static (Tensor Input, Tensor Target) Data(string net, int count = 6)
    {
        using var generator = new Generator(3);
        var target = arange(count, int64).remainder(5);
        return (net.StartsWith("embedding", StringComparison.Ordinal)
            ? randint(0, 5, [count, 3], int64, generator: generator)
            : randn([count, .. net.Contains("convolution", StringComparison.Ordinal) ? new long[] { 2, 4, 4 } : [5]], float64, generator: generator), target);
    }

    internal static Module<Tensor, Tensor> Create(string net)
    {
        manual_seed(6);
        // Made in float64: Module.to would give each layer a parameter of its own.
        return All[net]();
    }

    private sealed class Tied : Module<Tensor, Tensor>
    {
        private readonly Linear enc = Linear(5, 4, dtype: float64);

        internal Tied() : base(nameof(Tied)) => RegisterComponents();

        public override Tensor forward(Tensor input) => functional.linear(enc.call(input).tanh(), enc.weight!.t());
    }

    private sealed class CalledAndForwarded : Module<Tensor, Tensor>
    {
        private readonly Linear first = Linear(5, 5, dtype: float64), last = Linear(5, 5, dtype: float64);

        internal CalledAndForwarded() : base(nameof(CalledAndForwarded)) => RegisterComponents();

        public override Tensor forward(Tensor input) => last.call(first.forward(first.call(input).tanh()));
    }

    private sealed class SharedForward : Module<Tensor, Tensor>
    {
        private readonly Linear first = Linear(5, 5, dtype: float64), second = Linear(5, 5, dtype: float64), last = Linear(5, 5, dtype: float64);

        internal SharedForward() : base(nameof(SharedForward))
        {
            second.weight = first.weight;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => last.call(second.forward(first.call(input).tanh()));
    }

    private sealed class BesideConvolution : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv = Conv2d(2, 3, 3, padding: 1, dtype: float64);
        private readonly Linear fc = Linear(3, 5, dtype: float64);

        internal BesideConvolution() : base(nameof(BesideConvolution)) => RegisterComponents();

        public override Tensor forward(Tensor input) =>
            fc.call((conv.call(input) + functional.conv2d(input.tanh(), conv.weight!, padding: [1L, 1L])).mean([2, 3]));
    }

    private sealed class SharedEmbedding : Module<Tensor, Tensor>
    {
        private readonly Embedding tokens = Embedding(5, 4, dtype: float64);
        private readonly Linear mix = Linear(4, 4, dtype: float64), words = Linear(4, 5, dtype: float64);

        internal SharedEmbedding() : base(nameof(SharedEmbedding))
        {
            words.weight = tokens.weight!;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => words.call(mix.call(tokens.call(input).mean([1])).tanh());
    }

    private sealed class Form : Module<Tensor, Tensor>
    {
        private readonly Linear first = Linear(5, 5, dtype: float64), last = Linear(6, 5, dtype: float64);

        internal Form() : base(nameof(Form)) => RegisterComponents();

        public override Tensor forward(Tensor input) =>
            last.call(cat(new List<Tensor> { first.call(input), (input.matmul(first.weight!) * input).sum(1, keepdim: true) }, 1));
    }
}
